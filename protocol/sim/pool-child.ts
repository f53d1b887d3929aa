/** One of the processes of pool.ts: runs what it is sent. */
import { runJob, type Job } from './run.ts';

process.on('message', (job) => {
  process.send?.(runJob(job as Job));
});
