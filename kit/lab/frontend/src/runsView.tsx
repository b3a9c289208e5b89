import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IRun } from './api';
import type { RunsModel } from './runsModel';

type OpenReport = (path: string) => void;

/** The list of runs; it asks the server only while it can be seen. */
export class RunsView extends ReactWidget {
  constructor(
    private readonly model: RunsModel,
    private readonly openReport: OpenReport
  ) {
    super();
    this.addClass('kit-Runs');
  }

  override dispose(): void {
    this.model.dispose();
    super.dispose();
  }

  protected override onAfterShow(): void {
    this.model.start();
  }

  protected override onBeforeHide(): void {
    this.model.stop();
  }

  protected render(): React.ReactElement {
    return (
      <UseSignal signal={this.model.changed}>
        {() => (
          <Runs
            runs={this.model.runs}
            failure={this.model.failure}
            openReport={this.openReport}
          />
        )}
      </UseSignal>
    );
  }
}

function Runs(props: { runs: IRun[] | null; failure: string; openReport: OpenReport }) {
  const { runs, failure, openReport } = props;
  return (
    <>
      {failure && (
        <p className="kit-Runs-failure" role="alert">
          {failure}
        </p>
      )}
      {!failure && runs === null && <p className="kit-Runs-note">Loading…</p>}
      {runs?.length === 0 && <NoRuns />}
      {runs !== null && runs.length > 0 && (
        <ul className="kit-Runs-list" role="list" aria-label="Runs, newest first">
          {runs.map(run => (
            <Run key={run.id} run={run} openReport={openReport} />
          ))}
        </ul>
      )}
    </>
  );
}

function NoRuns() {
  return (
    <p className="kit-Runs-note">
      Nothing has run in this workspace yet. Run <code>kit demo</code> in a terminal, or open a
      template from the launcher.
    </p>
  );
}

function Run({ run, openReport }: { run: IRun; openReport: OpenReport }) {
  const { report } = run;
  return (
    <li className="kit-Run">
      <div className="kit-Run-head">
        <span className="kit-Run-name">
          {run.verb} <span className="kit-Run-number">#{run.id}</span>
        </span>
        <span className="kit-Run-status" data-status={run.status}>
          {run.status}
        </span>
      </div>
      {run.headline && <p className="kit-Run-headline">{run.headline}</p>}
      <div className="kit-Run-foot">
        <span>
          <time dateTime={run.started}>{utc(run.started)}</time>
          {run.seconds !== null && `, ${duration(run.seconds)}`}
        </span>
        {report !== null && (
          <button
            type="button"
            className="kit-Run-open"
            aria-label={`Open the report of run ${run.id}, ${run.verb}`}
            title={report}
            onClick={() => openReport(report)}
          >
            Open report
          </button>
        )}
      </div>
      {run.report_missing && <p className="kit-Run-missing">No link: {run.report_missing}.</p>}
    </li>
  );
}

/** `2026-03-02T14:05:00Z` as `2026-03-02 14:05 UTC`. */
function utc(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

/** `75` as `1 min 15 s`. */
function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
