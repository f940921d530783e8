-- One model for all vectors: those of different models must never be compared. Null until a service has begun to embed.
-- The owner sees rows as long as it is not forced under the policies.
ALTER TABLE knowledge_base NO FORCE ROW LEVEL SECURITY;
INSERT INTO system_settings (key, value, description)
SELECT 'embedding_model',
    coalesce((SELECT to_jsonb(embedding_model) FROM knowledge_base WHERE embedding IS NOT NULL AND embedding_model IS NOT NULL LIMIT 1), 'null'),
    'The embedding model whose vectors the knowledge has';
ALTER TABLE knowledge_base FORCE ROW LEVEL SECURITY;

-- A row whose model is not told, such as one written by plain SQL, is taken on trust.
CREATE FUNCTION check_embedding_model() RETURNS trigger
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

CREATE TRIGGER knowledge_base_inserted_model AFTER INSERT ON knowledge_base
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION check_embedding_model();
CREATE TRIGGER knowledge_base_updated_model AFTER UPDATE ON knowledge_base
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION check_embedding_model();
