/** Name of the npm package; the plugins' names begin with it. */
export const PACKAGE = 'programmatic-kit-lab';

/** Heading of our cards in the launcher and of our commands in the palette. */
export const CATEGORY = 'Programmatic Ads';

/** Identifiers that settings, shortcuts and tests may rely on. */
export const COMMANDS = {
  openTemplate: 'programmatic-kit:open-template',
  showRuns: 'programmatic-kit:show-runs'
} as const;
