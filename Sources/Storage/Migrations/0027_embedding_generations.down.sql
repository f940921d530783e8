DROP FUNCTION swap_embedding_generations(text, text, text);
DROP POLICY knowledge_base_generations ON knowledge_base;

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

CREATE OR REPLACE FUNCTION check_embedding_model() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    current_model text := (SELECT value #>> '{}' FROM public.system_settings WHERE key = 'embedding_model');
    other text;
BEGIN
    SELECT embedding_model INTO other FROM written
    WHERE embedding IS NOT NULL AND embedding_model <> current_model LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a vector of % cannot stand beside those of %', other, current_model
            USING ERRCODE = 'check_violation', CONSTRAINT = 'knowledge_base_one_model';
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER knowledge_base_touch ON knowledge_base;
CREATE TRIGGER knowledge_base_touch BEFORE UPDATE ON knowledge_base FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
DROP FUNCTION touch_knowledge();
DELETE FROM system_settings WHERE key = 'embedding_shadow';
ALTER TABLE knowledge_base DROP embedding_shadow, DROP embedding_shadow_model, DROP context;
