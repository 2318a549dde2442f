// What GitHub runs: the deploy, at the edge of GitHub.
import { deployAction } from '../../shared/action/deploy.js';
import { leaveSoon, runAction } from '../../shared/action/run.js';
import { deploy } from '../../shared/operations/deploy.js';

await runAction(async (context) => deployAction(context, deploy));
leaveSoon();
