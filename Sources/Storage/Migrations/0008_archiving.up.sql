-- Partitions of messages, and moving what is old into the archive and back.

-- Makes the partitions of the months from one day on, as many as asked for; those that exist stay. Rows of these months that lie in
-- the default partition move into theirs. Returns how many were made.
-- Runs as the owner, because it makes tables. The policies below let the owner reach only what it moves, only while it does.
CREATE FUNCTION ensure_message_partitions(from_day date, months integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    first_day date := date_trunc('month', from_day);
    next_day date;
    name text;
    made integer := 0;
    patience text := current_setting('lock_timeout');
    is_locked boolean := false;
    attempts integer := 0;
BEGIN
    IF months NOT BETWEEN 0 AND 240 THEN
        RAISE EXCEPTION 'between 0 and 240 months can be made at once, not %', months USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Two services may call at the same moment.
    PERFORM pg_advisory_xact_lock(hashtext('bunko.message_partitions'));
    -- Set here and not in the function's SET clause, which takes parameters unknown to the server from superusers only.
    PERFORM set_config('app.moving_messages', 'on', true);
    FOR step IN 1..months LOOP
        next_day := first_day + interval '1 month';
        name := to_char(first_day, '"messages_y"YYYY"m"MM');
        IF to_regclass('public.' || name) IS NULL THEN
            -- A new partition locks all of these. Users' transactions lock them in any order, so this never waits for one while it holds
            -- another for as long as it takes until the server sees a deadlock (1 s) and ends the user's transaction.
            WHILE NOT is_locked LOOP
                BEGIN
                    PERFORM set_config('lock_timeout', '100ms', true);
                    LOCK TABLE public.conversations, public.files IN SHARE ROW EXCLUSIVE MODE;
                    LOCK TABLE ONLY public.messages, ONLY public.messages_default IN ACCESS EXCLUSIVE MODE;
                    is_locked := true;
                EXCEPTION WHEN lock_not_available THEN
                    attempts := attempts + 1;
                    IF attempts >= 100 THEN
                        RAISE;
                    END IF;
                    PERFORM pg_sleep(0.1 * random());
                END;
                PERFORM set_config('lock_timeout', patience, true);
            END LOOP;
            CREATE TEMPORARY TABLE moving_messages ON COMMIT DROP AS
                SELECT * FROM public.messages_default WHERE created_at >= first_day AND created_at < next_day;
            IF EXISTS (SELECT FROM moving_messages) THEN
                CREATE TEMPORARY TABLE moving_attachments ON COMMIT DROP AS
                    SELECT f.user_id, f.id, f.message_id, f.message_created_at FROM public.files f
                    JOIN moving_messages m ON m.user_id = f.user_id AND m.conversation_id = f.conversation_id
                        AND m.created_at = f.message_created_at AND m.id = f.message_id;
                DELETE FROM public.messages_default WHERE created_at >= first_day AND created_at < next_day;
            END IF;
            EXECUTE format('CREATE TABLE public.%I PARTITION OF public.messages FOR VALUES FROM (%L) TO (%L)', name,
                first_day::timestamp AT TIME ZONE 'UTC', next_day::timestamp AT TIME ZONE 'UTC');
            IF to_regclass('pg_temp.moving_attachments') IS NOT NULL THEN
                EXECUTE format('INSERT INTO public.%I SELECT * FROM moving_messages', name);
                UPDATE public.files f SET message_id = a.message_id, message_created_at = a.message_created_at
                FROM moving_attachments a WHERE f.user_id = a.user_id AND f.id = a.id;
                DROP TABLE moving_attachments;
            END IF;
            DROP TABLE moving_messages;
            made := made + 1;
        END IF;
        first_day := next_day;
    END LOOP;
    PERFORM set_config('app.moving_messages', '', true);
    RETURN made;
END $$;
REVOKE ALL ON FUNCTION ensure_message_partitions(date, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_message_partitions(date, integer) TO bunko_worker;
CREATE POLICY files_partitioning ON files FOR ALL TO CURRENT_USER
    USING (current_setting('app.moving_messages', true) = 'on') WITH CHECK (current_setting('app.moving_messages', true) = 'on');

-- The partitions with their bounds and sizes.
CREATE FUNCTION message_partitions() RETURNS TABLE (name text, bounds text, estimated_rows bigint, bytes bigint)
    LANGUAGE sql STABLE
    AS $$
    SELECT c.relname::text, pg_get_expr(c.relpartbound, c.oid), greatest(c.reltuples, 0)::bigint, pg_total_relation_size(c.oid)
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'public.messages'::regclass ORDER BY c.relname $$;
REVOKE ALL ON FUNCTION message_partitions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION message_partitions() TO bunko_worker;

-- When it came back from the archive, which makes it as young as that for archiving by age: the next scheduled run would take it away
-- again otherwise.
ALTER TABLE conversations ADD restored_at timestamptz;

-- Moves messages older than the age into the archive; returns how many. What was attached to them remembers where it was.
-- Under the caller's policies: the service's worker sees all users' rows.
CREATE FUNCTION archive_old_messages(older_than interval DEFAULT interval '6 months') RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE
    archived_count integer;
BEGIN
    UPDATE files f SET archived_message_id = message_id
    WHERE message_created_at < now() - older_than AND message_id IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM conversations c
            WHERE c.user_id = f.user_id AND c.id = f.conversation_id AND c.restored_at >= now() - older_than);
    WITH moved_messages AS (
        DELETE FROM messages m WHERE created_at < now() - older_than
            AND NOT EXISTS (
                SELECT FROM conversations c
                WHERE c.user_id = m.user_id AND c.id = m.conversation_id AND c.restored_at >= now() - older_than) RETURNING *
    )
    INSERT INTO messages_archive
        (id, user_id, conversation_id, role, content, content_type, parent_id, emotion, tokens_used, metadata, created_at)
    SELECT id, user_id, conversation_id, role, content, content_type, parent_id, emotion, tokens_used, metadata, created_at
    FROM moved_messages;
    GET DIAGNOSTICS archived_count = ROW_COUNT;
    RETURN archived_count;
END $$;
REVOKE ALL ON FUNCTION archive_old_messages(interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION archive_old_messages(interval) TO bunko_worker;

-- Moves chosen conversations with all their messages into the archive. Their files stay, belonging to the archived conversation; the
-- passages cut from them go and are made anew on restore. Under the caller's policies, so that users archive their own.
CREATE FUNCTION archive_conversations(chosen uuid[]) RETURNS TABLE (conversations bigint, messages bigint)
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
DECLARE
    conversation_count bigint;
    moved_count bigint;
BEGIN
    -- A message that is being added meanwhile is waited for: deleting its conversation would take it along without archiving it.
    PERFORM FROM conversations c WHERE c.id = ANY (chosen) ORDER BY c.id FOR UPDATE;
    INSERT INTO conversations_archive AS a
        (id, user_id, assistant_id, persona_id, personality_template_id, template_version, title, conversation_type, status,
         voice_enabled, voice_id, message_count, metadata, started_at, ended_at, created_at, updated_at)
    SELECT id, user_id, assistant_id, persona_id, personality_template_id, template_version, title, conversation_type, status,
        voice_enabled, voice_id, message_count, metadata, started_at, ended_at, created_at, updated_at
    FROM conversations c WHERE c.id = ANY (chosen);
    GET DIAGNOSTICS conversation_count = ROW_COUNT;
    UPDATE files SET archived_message_id = coalesce(message_id, archived_message_id), archived_conversation_id = conversation_id,
        conversation_id = NULL, message_id = NULL, message_created_at = NULL
    WHERE conversation_id = ANY (chosen);
    WITH moved AS (DELETE FROM messages m WHERE m.conversation_id = ANY (chosen) RETURNING *)
    INSERT INTO messages_archive
        (id, user_id, conversation_id, role, content, content_type, parent_id, emotion, tokens_used, metadata, created_at)
    SELECT id, user_id, conversation_id, role, content, content_type, parent_id, emotion, tokens_used, metadata, created_at FROM moved;
    GET DIAGNOSTICS moved_count = ROW_COUNT;
    DELETE FROM conversations c WHERE c.id = ANY (chosen);
    RETURN QUERY SELECT conversation_count, moved_count;
END $$;
REVOKE ALL ON FUNCTION archive_conversations(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION archive_conversations(uuid[]) TO authenticated, bunko_worker;

-- Archives the conversations without a message for so long. One that gets a message at this moment is active again and stays.
CREATE FUNCTION archive_inactive_conversations(inactive_for interval DEFAULT interval '6 months')
    RETURNS TABLE (conversations bigint, messages bigint)
    LANGUAGE sql
    AS $$
    SELECT * FROM archive_conversations(ARRAY(SELECT c.id FROM conversations c
        WHERE c.updated_at < now() - inactive_for AND (c.restored_at IS NULL OR c.restored_at < now() - inactive_for)
        ORDER BY c.id FOR UPDATE)) $$;
REVOKE ALL ON FUNCTION archive_inactive_conversations(interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION archive_inactive_conversations(interval) TO bunko_worker;

-- Brings archived messages back into their conversations, and archived conversations first. What a conversation named and is gone
-- meanwhile is left out; one whose assistant is gone falls back to its persona, or to the default one.
CREATE FUNCTION restore_conversations(chosen uuid[]) RETURNS TABLE (conversations bigint, messages bigint)
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
DECLARE
    conversation_count bigint;
    moved_count bigint;
BEGIN
    WITH back AS (DELETE FROM conversations_archive a WHERE a.id = ANY (chosen) RETURNING *)
    INSERT INTO conversations
        (id, user_id, assistant_id, persona_id, personality_template_id, template_version, title, conversation_type, status,
         voice_enabled, voice_id, message_count, metadata, started_at, ended_at, created_at, updated_at)
    SELECT b.id, b.user_id, s.id,
        CASE WHEN s.id IS NULL THEN coalesce(p.slug, 'business-assistant') ELSE p.slug END,
        t.id, b.template_version, b.title, b.conversation_type, b.status, b.voice_enabled, v.id, 0, b.metadata, b.started_at, b.ended_at,
        b.created_at, b.updated_at
    FROM back b
    LEFT JOIN assistants s ON s.user_id = b.user_id AND s.id = b.assistant_id
    LEFT JOIN personality_templates p ON p.slug = b.persona_id
    LEFT JOIN personality_templates t ON t.id = b.personality_template_id
    LEFT JOIN voices v ON v.id = b.voice_id;
    GET DIAGNOSTICS conversation_count = ROW_COUNT;
    UPDATE conversations c SET restored_at = now() WHERE c.id = ANY (chosen);
    WITH back AS (
        DELETE FROM messages_archive m WHERE m.conversation_id = ANY (chosen)
            AND EXISTS (SELECT FROM conversations c WHERE c.user_id = m.user_id AND c.id = m.conversation_id) RETURNING *
    )
    INSERT INTO messages
        (id, user_id, conversation_id, role, content, content_type, parent_id, emotion, tokens_used, metadata, created_at)
    SELECT id, user_id, conversation_id, role, content, content_type, parent_id, emotion, tokens_used, metadata, created_at FROM back;
    GET DIAGNOSTICS moved_count = ROW_COUNT;
    UPDATE files f SET conversation_id = f.archived_conversation_id, archived_conversation_id = NULL,
        processing_state = 'pending', claimed_by = NULL, attempts = 0, failure_code = NULL, failure_reason = NULL
    WHERE f.archived_conversation_id = ANY (chosen);
    UPDATE files f SET message_id = m.id, message_created_at = m.created_at, archived_message_id = NULL
    FROM messages m
    WHERE f.conversation_id = ANY (chosen) AND f.archived_message_id IS NOT NULL
        AND m.user_id = f.user_id AND m.conversation_id = f.conversation_id AND m.id = f.archived_message_id;
    RETURN QUERY SELECT conversation_count, moved_count;
END $$;
REVOKE ALL ON FUNCTION restore_conversations(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION restore_conversations(uuid[]) TO authenticated, bunko_worker;

-- The worker restores conversations for users, so it sees what they refer to.
CREATE POLICY assistants_worker ON assistants FOR SELECT TO bunko_worker USING (true);
CREATE POLICY personality_templates_worker ON personality_templates FOR SELECT TO bunko_worker USING (true);
CREATE POLICY voices_worker ON voices FOR SELECT TO bunko_worker USING (true);
GRANT SELECT ON assistants, personality_templates, voices TO bunko_worker;

SELECT ensure_message_partitions((now() - interval '1 month')::date, 4);
