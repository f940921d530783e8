DROP POLICY jobs_shared ON jobs;
