-- How often the service, or its process that reads documents, was killed while it worked on a job. Attempts that a provider's or the
-- machine's fault ended are no reason to suspect the file, and were counted as one.
ALTER TABLE jobs ADD interruptions integer NOT NULL DEFAULT 0 CHECK (interruptions >= 0);
