-- The outbox the in-process index follows: every insert, update and delete of a knowledge row, whoever made it, leaves a row here
-- in the same transaction. Read by snapshot difference, so that a row that commits late is not lost.

CREATE TABLE knowledge_changes (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    row_id uuid NOT NULL,
    -- The assistant, or the system user for shared knowledge: the partition the row was in or is in.
    partition_id uuid NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_knowledge_changes_xid ON knowledge_changes (xid);
CREATE INDEX idx_knowledge_changes_changed_at ON knowledge_changes (changed_at);
GRANT SELECT, DELETE ON knowledge_changes TO bunko_worker;

-- Runs as the owner: no writer of knowledge may write the outbox by other means.
CREATE FUNCTION record_knowledge_changes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    recorded boolean := false;
BEGIN
    IF TG_OP IN ('DELETE', 'UPDATE') THEN
        INSERT INTO public.knowledge_changes (row_id, partition_id)
        SELECT id, coalesce(secretary_id, user_id) FROM old_rows;
        recorded := FOUND;
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        INSERT INTO public.knowledge_changes (row_id, partition_id)
        SELECT id, coalesce(secretary_id, user_id) FROM new_rows;
        recorded := recorded OR FOUND;
    END IF;
    IF recorded THEN
        PERFORM pg_notify('bunko_knowledge', '');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER knowledge_base_inserted AFTER INSERT ON knowledge_base
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION record_knowledge_changes();
CREATE TRIGGER knowledge_base_updated AFTER UPDATE ON knowledge_base
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION record_knowledge_changes();
CREATE TRIGGER knowledge_base_deleted AFTER DELETE ON knowledge_base
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION record_knowledge_changes();
