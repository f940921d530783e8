-- The age of a change is that of its statement: a transaction that was open for long brings no old ones, which would be taken for unread.
ALTER TABLE knowledge_changes ALTER changed_at SET DEFAULT clock_timestamp();
