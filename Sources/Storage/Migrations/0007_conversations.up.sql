-- Conversations, their messages (one partition a month), and files attached to them.

CREATE TABLE conversations (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    assistant_id uuid,
    persona_id varchar(50) REFERENCES personality_templates (slug) ON UPDATE CASCADE,
    -- The persona's version the conversation began with.
    personality_template_id uuid REFERENCES personality_templates (id) ON DELETE SET NULL,
    template_version integer,
    title varchar(200),
    conversation_type varchar(50),
    status varchar(50) NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'ended', 'archived')),
    voice_enabled boolean NOT NULL DEFAULT false,
    voice_id uuid REFERENCES voices (id) ON DELETE SET NULL,
    message_count integer NOT NULL DEFAULT 0 CHECK (message_count >= 0),
    metadata jsonb,
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- The time of the last message, not of any change.
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, id),
    -- No action on delete: an assistant with conversations goes only once they are archived or fell back to its persona.
    FOREIGN KEY (user_id, assistant_id) REFERENCES assistants (user_id, id),
    CHECK (assistant_id IS NOT NULL OR persona_id IS NOT NULL),
    CHECK ((status = 'active') = (ended_at IS NULL)),
    CHECK (ended_at >= started_at)
);
CREATE INDEX idx_conversations_id ON conversations (id);
CREATE INDEX idx_conversations_user_id ON conversations (user_id);
CREATE INDEX idx_conversations_assistant_id ON conversations (assistant_id);
CREATE INDEX idx_conversations_persona_id ON conversations (persona_id);
CREATE INDEX idx_conversations_status ON conversations (status);
CREATE INDEX idx_conversations_conversation_type ON conversations (conversation_type);
CREATE INDEX idx_conversations_created_at ON conversations (created_at);
CREATE INDEX idx_conversations_user_updated ON conversations (user_id, updated_at DESC, id DESC);
CREATE INDEX idx_conversations_user_status_created ON conversations (user_id, status, created_at DESC);
CREATE INDEX idx_conversations_user_assistant ON conversations (user_id, assistant_id, updated_at DESC, id DESC);
CREATE INDEX idx_conversations_updated_at ON conversations (updated_at);
-- For the SET NULL of the references.
CREATE INDEX idx_conversations_voice ON conversations (voice_id) WHERE voice_id IS NOT NULL;
CREATE INDEX idx_conversations_template ON conversations (personality_template_id);

-- status and ended_at tell the same; a statement may set either.
CREATE FUNCTION match_conversation_status() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'active' THEN
            NEW.ended_at := coalesce(NEW.ended_at, greatest(now(), NEW.started_at));
        ELSIF NEW.ended_at IS NOT NULL THEN
            NEW.status := 'ended';
        END IF;
    ELSIF NEW.status <> OLD.status THEN
        NEW.ended_at := CASE WHEN NEW.status = 'active' THEN NULL ELSE coalesce(NEW.ended_at, greatest(now(), NEW.started_at)) END;
    ELSIF NEW.ended_at IS DISTINCT FROM OLD.ended_at THEN
        NEW.status := CASE WHEN NEW.ended_at IS NULL THEN 'active' WHEN NEW.status = 'active' THEN 'ended' ELSE NEW.status END;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER conversations_status BEFORE INSERT OR UPDATE OF status, ended_at ON conversations
    FOR EACH ROW EXECUTE FUNCTION match_conversation_status();

-- The primary key must contain the partition's column; id alone is unique by construction. Queried through the parent only: a
-- partition queried directly would not ask the parent's policies, so there are no grants on partitions.
CREATE TABLE messages (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    role varchar(50) NOT NULL CHECK (role IN ('user', 'assistant', 'system', 'tool')),
    content text,
    content_type varchar(50) NOT NULL DEFAULT 'text',
    parent_id uuid,
    emotion varchar(20) CHECK (emotion IS NULL OR role = 'assistant'),
    tokens_used integer CHECK (tokens_used >= 0),
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, conversation_id, created_at, id),
    FOREIGN KEY (user_id, conversation_id) REFERENCES conversations (user_id, id) ON DELETE CASCADE,
    CHECK (content IS NOT NULL OR metadata IS NOT NULL),
    CHECK (parent_id <> id)
) PARTITION BY RANGE (created_at);
CREATE INDEX idx_messages_id ON messages (id);
CREATE INDEX idx_messages_conversation_id ON messages (conversation_id);
CREATE INDEX idx_messages_role ON messages (role);
CREATE INDEX idx_messages_parent_id ON messages (parent_id);
CREATE INDEX idx_messages_created_at ON messages (created_at);
CREATE INDEX idx_messages_conversation_created ON messages (conversation_id, created_at DESC);
CREATE TABLE messages_default PARTITION OF messages DEFAULT;

-- What follows from messages that came: count, time and title of their conversations; and their parents must be of the same one.
CREATE FUNCTION follow_inserted_messages() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    -- Rows that only change their partition are not new.
    IF current_setting('app.moving_messages', true) = 'on' THEN
        RETURN NULL;
    END IF;
    IF EXISTS (
        SELECT FROM new_messages n WHERE n.parent_id IS NOT NULL
            AND NOT EXISTS (
                SELECT FROM messages p
                WHERE p.id = n.parent_id AND p.user_id = n.user_id AND p.conversation_id = n.conversation_id)
            AND NOT EXISTS (
                SELECT FROM messages_archive p
                WHERE p.id = n.parent_id AND p.user_id = n.user_id AND p.conversation_id = n.conversation_id)
    ) THEN
        RAISE EXCEPTION 'a message answers one that is not in its conversation'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'messages_parent_id_fkey', TABLE = 'messages';
    END IF;
    UPDATE conversations c SET
        message_count = c.message_count + n.added,
        updated_at = greatest(c.updated_at, n.latest),
        title = coalesce(c.title, n.opening)
    FROM (
        SELECT user_id, conversation_id, count(*) AS added, max(created_at) AS latest,
            (array_agg(nullif(left(trim(regexp_replace(content, '\s+', ' ', 'g')), 200), '') ORDER BY created_at, id)
                FILTER (WHERE role = 'user' AND content IS NOT NULL))[1] AS opening
        FROM new_messages GROUP BY user_id, conversation_id
    ) n
    WHERE c.user_id = n.user_id AND c.id = n.conversation_id;
    RETURN NULL;
END $$;
CREATE TRIGGER messages_inserted AFTER INSERT ON messages
    REFERENCING NEW TABLE AS new_messages FOR EACH STATEMENT EXECUTE FUNCTION follow_inserted_messages();

-- A parent that is changed later is looked for like one that came with its message.
CREATE FUNCTION check_changed_parent() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NOT EXISTS (
            SELECT FROM messages p WHERE p.id = NEW.parent_id AND p.user_id = NEW.user_id AND p.conversation_id = NEW.conversation_id)
        AND NOT EXISTS (
            SELECT FROM messages_archive p WHERE p.id = NEW.parent_id AND p.user_id = NEW.user_id AND p.conversation_id = NEW.conversation_id)
    THEN
        RAISE EXCEPTION 'a message answers one that is not in its conversation'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'messages_parent_id_fkey', TABLE = 'messages';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER messages_parent_changed AFTER UPDATE OF parent_id ON messages FOR EACH ROW
    WHEN (NEW.parent_id IS NOT NULL AND NEW.parent_id IS DISTINCT FROM OLD.parent_id) EXECUTE FUNCTION check_changed_parent();

CREATE FUNCTION follow_deleted_messages() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF current_setting('app.moving_messages', true) = 'on' THEN
        RETURN NULL;
    END IF;
    UPDATE conversations c SET message_count = c.message_count - o.gone
    FROM (SELECT user_id, conversation_id, count(*) AS gone FROM old_messages GROUP BY user_id, conversation_id) o
    WHERE c.user_id = o.user_id AND c.id = o.conversation_id;
    RETURN NULL;
END $$;
CREATE TRIGGER messages_deleted AFTER DELETE ON messages
    REFERENCING OLD TABLE AS old_messages FOR EACH STATEMENT EXECUTE FUNCTION follow_deleted_messages();

-- Archives. Rows without their foreign keys to what may be gone when they are read.
CREATE TABLE conversations_archive (
    id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    assistant_id uuid,
    persona_id varchar(50),
    personality_template_id uuid,
    template_version integer,
    title varchar(200),
    conversation_type varchar(50),
    status varchar(50) NOT NULL,
    voice_enabled boolean NOT NULL,
    voice_id uuid,
    message_count integer NOT NULL,
    metadata jsonb,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    archived_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, id)
);
CREATE INDEX idx_conversations_archive_updated ON conversations_archive (user_id, updated_at DESC, id DESC);

CREATE TABLE messages_archive (
    id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation_id uuid NOT NULL,
    role varchar(50) NOT NULL,
    content text,
    content_type varchar(50) NOT NULL,
    parent_id uuid,
    emotion varchar(20),
    tokens_used integer,
    metadata jsonb,
    created_at timestamptz NOT NULL,
    archived_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, conversation_id, created_at, id)
);
CREATE INDEX idx_messages_archive_id ON messages_archive (id);

-- A file attached to a conversation is searchable there and nowhere else.
ALTER TABLE files ADD conversation_id uuid;
ALTER TABLE files ADD message_id uuid;
ALTER TABLE files ADD message_created_at timestamptz;
-- Where it belongs while its conversation or message is archived.
ALTER TABLE files ADD archived_conversation_id uuid;
ALTER TABLE files ADD archived_message_id uuid;
ALTER TABLE files ADD CHECK ((message_id IS NULL) = (message_created_at IS NULL));
ALTER TABLE files ADD CHECK (message_id IS NULL OR conversation_id IS NOT NULL);
ALTER TABLE files ADD CHECK (conversation_id IS NULL OR archived_conversation_id IS NULL);
ALTER TABLE files ADD CONSTRAINT files_user_id_conversation_id_fkey
    FOREIGN KEY (user_id, conversation_id) REFERENCES conversations (user_id, id) ON DELETE CASCADE;
ALTER TABLE files ADD CONSTRAINT files_user_id_message_id_fkey
    FOREIGN KEY (user_id, conversation_id, message_created_at, message_id)
    REFERENCES messages (user_id, conversation_id, created_at, id) ON DELETE SET NULL (message_id, message_created_at);
-- The same path may stand in the assistant's files and in each of its conversations.
ALTER TABLE files DROP CONSTRAINT files_user_id_assistant_id_source_path_key;
ALTER TABLE files ADD CONSTRAINT files_identity_key
    UNIQUE NULLS NOT DISTINCT (user_id, assistant_id, conversation_id, archived_conversation_id, source_path);
CREATE INDEX idx_files_conversation_id ON files (conversation_id);
CREATE INDEX idx_files_message_id ON files (message_id);
CREATE INDEX idx_files_attached ON files (user_id, conversation_id, message_created_at, message_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX idx_files_archived ON files (user_id, archived_conversation_id) WHERE archived_conversation_id IS NOT NULL;

ALTER TABLE knowledge_base ADD conversation_id uuid;
ALTER TABLE knowledge_base ADD CHECK (conversation_id IS NULL OR secretary_id IS NOT NULL);
ALTER TABLE knowledge_base ADD CONSTRAINT knowledge_base_user_id_conversation_id_fkey
    FOREIGN KEY (user_id, conversation_id) REFERENCES conversations (user_id, id) ON DELETE CASCADE;
CREATE INDEX idx_knowledge_base_conversation ON knowledge_base (user_id, conversation_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX idx_knowledge_base_user_created ON knowledge_base (user_id, secretary_id, created_at DESC, id DESC);

-- The partition of the index a passage lies in: its conversation, else its assistant, else the shared knowledge.
CREATE OR REPLACE FUNCTION record_knowledge_changes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    recorded boolean := false;
BEGIN
    IF TG_OP IN ('DELETE', 'UPDATE') THEN
        INSERT INTO public.knowledge_changes (row_id, partition_id)
        SELECT id, coalesce(conversation_id, secretary_id, user_id) FROM old_rows;
        recorded := FOUND;
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        INSERT INTO public.knowledge_changes (row_id, partition_id)
        SELECT id, coalesce(conversation_id, secretary_id, user_id) FROM new_rows;
        recorded := recorded OR FOUND;
    END IF;
    IF recorded THEN
        PERFORM pg_notify('bunko_knowledge', '');
    END IF;
    RETURN NULL;
END $$;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['conversations', 'messages', 'conversations_archive', 'messages_archive'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        -- The service's archiving and restoring.
        EXECUTE format('CREATE POLICY %I ON %I FOR ALL TO bunko_worker USING (true) WITH CHECK (true)', name || '_worker', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO bunko_worker', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['messages', 'conversations_archive', 'messages_archive'] LOOP
        EXECUTE format(
            'CREATE POLICY %I ON %I FOR ALL TO authenticated USING (user_id = current_user_id()) WITH CHECK (user_id = current_user_id())',
            name || '_own', name);
        EXECUTE format('GRANT SELECT, INSERT, DELETE ON %I TO authenticated', name);
    END LOOP;
END $$;
-- Never its conversation or time, which the counts rest on; an archived row is never changed.
GRANT UPDATE (content, content_type, parent_id, emotion, tokens_used, metadata) ON messages TO authenticated;
CREATE POLICY user_conversations_policy ON conversations FOR ALL TO authenticated
    USING (user_id = current_user_id()) WITH CHECK (user_id = current_user_id());
GRANT SELECT, INSERT, UPDATE, DELETE ON conversations TO authenticated;
GRANT UPDATE (conversation_id, message_id, message_created_at, archived_conversation_id, archived_message_id) ON files TO bunko_worker;
