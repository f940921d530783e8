-- Jobs of shared files are seen as the files are. Some databases have the policy already: 0022 made it for a time.
DROP POLICY IF EXISTS jobs_shared ON jobs;
CREATE POLICY jobs_shared ON jobs FOR SELECT TO authenticated
    USING (current_user_id() IS NOT NULL AND user_id = '00000000-0000-0000-0000-000000000001');
