import { runs } from './runs';
import { templates } from './templates';

export default [templates, runs];
