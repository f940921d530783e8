-- The replicas of the index: what one of them has not seen yet stays in the outbox, up to a time limit.

CREATE TABLE mirror_replicas (
    id uuid PRIMARY KEY,
    host text NOT NULL,
    -- How far it has followed.
    position pg_snapshot NOT NULL,
    -- Of the snapshot on its disk, with which it begins after a restart: its position and its name, and the name of the one being written.
    kept_position pg_snapshot,
    kept_token uuid,
    next_token uuid,
    seen_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((kept_position IS NULL) = (kept_token IS NULL))
);
GRANT SELECT, INSERT, UPDATE, DELETE ON mirror_replicas TO bunko_worker;

-- A change without a row: everything was taken away at once.
ALTER TABLE knowledge_changes
    ALTER row_id DROP NOT NULL,
    ALTER partition_id DROP NOT NULL,
    ADD CONSTRAINT knowledge_changes_whole CHECK ((row_id IS NULL) = (partition_id IS NULL));

CREATE OR REPLACE FUNCTION record_knowledge_changes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    recorded boolean := false;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO public.knowledge_changes (row_id, partition_id) VALUES (NULL, NULL);
        recorded := true;
    END IF;
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
CREATE TRIGGER knowledge_base_truncated AFTER TRUNCATE ON knowledge_base
    FOR EACH STATEMENT EXECUTE FUNCTION record_knowledge_changes();

-- By whom a file was done: whoever reads that it is done may wait until an index has seen it, too.
ALTER TABLE files ADD done_xid xid8;
