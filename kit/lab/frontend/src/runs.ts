import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, showErrorMessage } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import {
  PanelWithToolbar,
  SidePanel,
  ToolbarButton,
  refreshIcon
} from '@jupyterlab/ui-components';

import { KitApi, messageOf } from './api';
import { kitIcon } from './icons';
import { CATEGORY, COMMANDS, PACKAGE } from './names';
import { RunsModel } from './runsModel';
import { RunsView } from './runsView';

const PANEL_ID = 'programmatic-kit-panel';

/** After JupyterLab's own tabs on the left. */
const PANEL_RANK = 600;

/** JupyterLab's viewer of HTML files; it shows a report without running scripts. */
const VIEWER = 'HTML Viewer';

/** The panel on the left: this workspace's runs and their reports. */
export const runs: JupyterFrontEndPlugin<void> = {
  id: `${PACKAGE}:runs`,
  description: 'Lists the runs of this workspace and opens their reports.',
  autoStart: true,
  requires: [IDocumentManager],
  optional: [ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    documents: IDocumentManager,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ) => {
    const panel = new SidePanel();
    panel.id = PANEL_ID;
    panel.title.icon = kitIcon;
    panel.title.caption = `${CATEGORY}: runs`;
    const model = new RunsModel(new KitApi(app.serviceManager.serverSettings));
    panel.addWidget(runsSection(model, documents));
    app.shell.add(panel, 'left', { rank: PANEL_RANK, type: CATEGORY });
    restorer?.add(panel, PANEL_ID);

    app.commands.addCommand(COMMANDS.showRuns, {
      label: 'Show the runs of this workspace',
      caption: 'Open the panel of runs and their reports',
      icon: kitIcon,
      execute: () => app.shell.activateById(PANEL_ID)
    });
    palette?.addItem({ command: COMMANDS.showRuns, category: CATEGORY });
  }
};

function runsSection(model: RunsModel, documents: IDocumentManager): PanelWithToolbar {
  const section = new PanelWithToolbar();
  section.title.label = 'Runs';
  section.toolbar.addItem(
    'refresh',
    new ToolbarButton({
      icon: refreshIcon,
      tooltip: 'Refresh the runs',
      onClick: () => void model.refresh()
    })
  );
  section.addWidget(new RunsView(model, path => void openReport(path, documents)));
  return section;
}

async function openReport(path: string, documents: IDocumentManager): Promise<void> {
  try {
    // A report that a later run wrote anew is read again.
    const open = documents.findWidget(path, VIEWER);
    await open?.context.revert();
    documents.openOrReveal(path, VIEWER);
  } catch (error) {
    await showErrorMessage('The report was not opened', messageOf(error));
  }
}
