import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** One template, as `kit.lab.templates.Template` describes it. */
export interface ITemplate {
  name: string;
  title: string;
  about: string;
  icon: string;
}

/** One run, as `kit.lab.run_list.RunLine` describes it. */
export interface IRun {
  id: number;
  verb: string;
  status: 'running' | 'done' | 'failed';
  /** ISO 8601, UTC. */
  started: string;
  /** Null while it runs. */
  seconds: number | null;
  headline: string;
  /** Relative to the server's root; null if there is none, or none that can be opened. */
  report: string | null;
  /** Why a report that was written cannot be opened. */
  report_missing: string;
}

const SERVER_EXTENSION_OFF =
  'This server does not answer for programmatic-kit. Run "jupyter server extension enable kit.lab" and start it again.';

/** The three requests that `kit.lab.handlers` answers. */
export class KitApi {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  async templates(): Promise<ITemplate[]> {
    const { templates } = await this.request<{ templates: ITemplate[] }>('templates');
    return templates;
  }

  /** Copy a template under a free name; return the path of the copy. */
  async copy(template: string, folder: string): Promise<string> {
    const body = JSON.stringify({ template, folder });
    const { path } = await this.request<{ path: string }>('copy', { method: 'POST', body });
    return path;
  }

  /** Newest first. */
  async runs(): Promise<IRun[]> {
    const { runs } = await this.request<{ runs: IRun[] }>('runs');
    return runs;
  }

  private async request<T>(name: string, init: RequestInit = {}): Promise<T> {
    const url = URLExt.join(this.settings.baseUrl, 'kit', name);
    const response = await ServerConnection.makeRequest(url, init, this.settings);
    const type = response.headers.get('Content-Type') ?? '';
    if (!type.startsWith('application/json')) {
      throw new Error(SERVER_EXTENSION_OFF);
    }
    const answer = await response.json();
    if (!response.ok) {
      throw new Error(answer.message);
    }
    return answer;
  }
}

/** What a person is told of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
