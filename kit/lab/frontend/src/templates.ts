import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, showErrorMessage } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import type { Contents } from '@jupyterlab/services';

import { type ITemplate, KitApi, messageOf } from './api';
import { templateIcon } from './icons';
import { CATEGORY, COMMANDS, PACKAGE } from './names';

/** Below JupyterLab's "Notebook" (0), above its "Console" (20). */
const CATEGORY_RANK = 10;

/** A card in the launcher and a command in the palette for each template. */
export const templates: JupyterFrontEndPlugin<void> = {
  id: `${PACKAGE}:templates`,
  description: 'Opens copies of the templates of programmatic-kit.',
  autoStart: true,
  requires: [IDocumentManager],
  optional: [ILauncher, ICommandPalette, IDefaultFileBrowser],
  activate: (
    app: JupyterFrontEnd,
    documents: IDocumentManager,
    launcher: ILauncher | null,
    palette: ICommandPalette | null,
    browser: IDefaultFileBrowser | null
  ) => {
    const api = new KitApi(app.serviceManager.serverSettings);
    const known = new Map<string, ITemplate>();
    addCommand(app, api, documents, browser, known);
    // Not awaited: JupyterLab need not wait for our cards.
    api
      .templates()
      .then(list => {
        list.forEach((template, rank) => {
          known.set(template.name, template);
          const args = { name: template.name };
          const item = { command: COMMANDS.openTemplate, category: CATEGORY, rank, args };
          launcher?.add({ ...item, categoryRank: CATEGORY_RANK });
          palette?.addItem(item);
        });
      })
      .catch(error => console.warn(`${PACKAGE}: no templates. ${messageOf(error)}`));
  }
};

function addCommand(
  app: JupyterFrontEnd,
  api: KitApi,
  documents: IDocumentManager,
  browser: IDefaultFileBrowser | null,
  known: ReadonlyMap<string, ITemplate>
): void {
  const template = (args: { name?: unknown }) => known.get(String(args.name));
  app.commands.addCommand(COMMANDS.openTemplate, {
    label: args => template(args)?.title ?? 'Open a template',
    caption: args => template(args)?.about ?? '',
    icon: args => templateIcon(template(args)?.icon),
    execute: async args => {
      const cwd = typeof args.cwd === 'string' ? args.cwd : (browser?.model.path ?? '');
      try {
        const path = await copyInto(cwd, String(args.name), api, app.serviceManager.contents);
        void browser?.model.refresh();
        // The launcher closes itself when it is handed the widget.
        return documents.openOrReveal(path);
      } catch (error) {
        await showErrorMessage('The template was not opened', messageOf(error));
        return undefined;
      }
    }
  });
}

/** Copy into a folder of the browser, whose path may begin with the name of a drive. */
async function copyInto(
  cwd: string,
  name: string,
  api: KitApi,
  contents: Contents.IManager
): Promise<string> {
  const drive = contents.driveName(cwd);
  const path = await api.copy(name, contents.localPath(cwd));
  return drive ? `${drive}:${path}` : path;
}
