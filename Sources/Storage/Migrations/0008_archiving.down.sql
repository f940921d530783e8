REVOKE SELECT ON assistants, personality_templates, voices FROM bunko_worker;
DROP POLICY voices_worker ON voices;
DROP POLICY personality_templates_worker ON personality_templates;
DROP POLICY assistants_worker ON assistants;
DROP FUNCTION restore_conversations(uuid[]);
DROP FUNCTION archive_inactive_conversations(interval);
DROP FUNCTION archive_conversations(uuid[]);
DROP FUNCTION archive_old_messages(interval);
ALTER TABLE conversations DROP restored_at;
DROP FUNCTION message_partitions();
DROP POLICY files_partitioning ON files;
DROP FUNCTION ensure_message_partitions(date, integer);
-- The partitions go, their rows stay, as they were before there were any.
DO $$
DECLARE
    partition record;
BEGIN
    CREATE TEMPORARY TABLE all_messages ON COMMIT DROP AS SELECT * FROM messages_default WITH NO DATA;
    FOR partition IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'messages'::regclass AND c.relname <> 'messages_default'
    LOOP
        EXECUTE format('INSERT INTO all_messages SELECT * FROM %I', partition.relname);
    END LOOP;
    CREATE TEMPORARY TABLE all_attachments ON COMMIT DROP AS
        SELECT user_id, id, message_id, message_created_at FROM files WITH NO DATA;
    ALTER TABLE files NO FORCE ROW LEVEL SECURITY;
    INSERT INTO all_attachments SELECT user_id, id, message_id, message_created_at FROM files WHERE message_id IS NOT NULL;
    PERFORM set_config('app.moving_messages', 'on', true);
    FOR partition IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'messages'::regclass AND c.relname <> 'messages_default'
    LOOP
        EXECUTE format('DELETE FROM %I', partition.relname);
        -- A partition that a foreign key may point into is not dropped as one.
        EXECUTE format('ALTER TABLE messages DETACH PARTITION %I', partition.relname);
        EXECUTE format('DROP TABLE %I', partition.relname);
    END LOOP;
    INSERT INTO messages_default SELECT * FROM all_messages;
    UPDATE files f SET message_id = a.message_id, message_created_at = a.message_created_at
    FROM all_attachments a WHERE f.user_id = a.user_id AND f.id = a.id;
    ALTER TABLE files FORCE ROW LEVEL SECURITY;
    PERFORM set_config('app.moving_messages', '', true);
END $$;
