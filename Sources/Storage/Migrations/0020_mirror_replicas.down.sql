ALTER TABLE files DROP done_xid;
DROP TRIGGER knowledge_base_truncated ON knowledge_base;
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
DELETE FROM knowledge_changes WHERE row_id IS NULL;
ALTER TABLE knowledge_changes
    DROP CONSTRAINT knowledge_changes_whole,
    ALTER row_id SET NOT NULL,
    ALTER partition_id SET NOT NULL;
DROP TABLE mirror_replicas;
