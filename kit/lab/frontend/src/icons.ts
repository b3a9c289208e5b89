import { LabIcon } from '@jupyterlab/ui-components';

/**
 * Draw on a 24 by 24 grid: `ink` in the grey that a theme gives its icons (`jp-icon3`),
 * `accent` in one colour that reads on white and on black.
 */
function draw(name: string, ink: string, accent: string): LabIcon {
  const line = 'stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"';
  const svgstr =
    `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24" fill="none" ${line}>` +
    `<path class="jp-icon3" stroke="#616161" d="${ink}"/>` +
    `<path stroke="#1b9aaa" d="${accent}"/></svg>`;
  return new LabIcon({ name: `programmatic-kit:${name}`, svgstr });
}

const AXES = 'M4 4v16h16';

/** The panel's tab: a curve of bids above its axes. */
export const kitIcon = draw('kit', AXES, 'M7.5 16c5 0 4-9 12-9.5');

/** What `kit.icon` in a template's metadata may name. */
const TEMPLATE_ICONS: Record<string, LabIcon> = {
  /** A page with bars on it. */
  template: draw(
    'template',
    'M6 3h9l4 4v14H6zM15 3v4h4',
    'M10 17v-2M12.5 17v-5M15 17v-3.5'
  ),
  /** Two outcomes, each with its interval. */
  compare: draw('compare', `${AXES}M9.5 11v7M8 11h3M8 18h3`, 'M16 5v8M14.5 5h3M14.5 13h3M9.5 14.5h.01M16 9h.01'),
  /** Two sliders. */
  tune: draw('tune', 'M4 8h6M16 8h4M4 16h2M12 16h8', 'M13 5.5v5M9 13.5v5'),
  /** A glass over bars. */
  explore: draw('explore', 'M10.5 4a6.5 6.5 0 1 0 .01 0M15.5 15.5 20 20', 'M8 12.5v-2M10.5 12.5v-4M13 12.5v-3')
};

/** The drawing of a name; of a page, if there is none of that name. */
export function templateIcon(name = ''): LabIcon {
  return TEMPLATE_ICONS[name] ?? TEMPLATE_ICONS.template;
}
