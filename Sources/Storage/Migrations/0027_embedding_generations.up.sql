-- A second generation of vectors beside the live one: of the model that is to come, or of the one that was before.
--
-- The two change places by their columns' names: at once, however many rows there are, and as quickly back. So nothing may be bound to
-- one of the four columns but by name: no constraint, no condition of a trigger or an index, no privilege on a column.
ALTER TABLE knowledge_base
    ADD embedding_shadow vector(1536),
    ADD embedding_shadow_model varchar(100),
    -- What is embedded in front of the content: the title and the headings that do not stand in it. NULL where it was not kept, in rows
    -- from before this step and in those of plain SQL.
    ADD context text;

INSERT INTO system_settings (key, value, description) VALUES
    ('embedding_shadow', 'null', 'The embedding model of the generation of vectors that is not live');

-- As the next function has it for rows that are written from here on. The owner sees rows as long as it is not forced under the policies;
-- neither the index nor the time of change has to know.
ALTER TABLE knowledge_base NO FORCE ROW LEVEL SECURITY;
ALTER TABLE knowledge_base DISABLE TRIGGER USER;
UPDATE knowledge_base SET embedding_model = s.value #>> '{}' FROM system_settings s
WHERE s.key = 'embedding_model' AND s.value <> 'null' AND embedding IS NOT NULL AND embedding_model IS NULL;
ALTER TABLE knowledge_base ENABLE TRIGGER USER;
ALTER TABLE knowledge_base FORCE ROW LEVEL SECURITY;

-- What follows from a row's being written: its model, where it tells none; its time of change, and the end of a shadow vector whose text is
-- another now. Where only shadow vectors are written nothing has changed for a reader.
CREATE FUNCTION touch_knowledge() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NEW.embedding IS NOT NULL AND NEW.embedding_model IS NULL THEN
        NEW.embedding_model := (SELECT value #>> '{}' FROM public.system_settings WHERE key = 'embedding_model');
    END IF;
    IF TG_OP = 'INSERT' OR current_setting('app.filling_embeddings', true) = 'on' THEN
        RETURN NEW;
    END IF;
    IF NEW.content <> OLD.content OR NEW.context IS DISTINCT FROM OLD.context THEN
        NEW.embedding_shadow := NULL;
        NEW.embedding_shadow_model := NULL;
    END IF;
    NEW.updated_at := now();
    RETURN NEW;
END $$;
DROP TRIGGER knowledge_base_touch ON knowledge_base;
CREATE TRIGGER knowledge_base_touch BEFORE INSERT OR UPDATE ON knowledge_base FOR EACH ROW EXECUTE FUNCTION touch_knowledge();

-- The same for the shadow generation, where it is written.
CREATE OR REPLACE FUNCTION check_embedding_model() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    current_model text := (SELECT value #>> '{}' FROM public.system_settings WHERE key = 'embedding_model');
    shadow_model text;
    other text;
BEGIN
    SELECT embedding_model INTO other FROM written
    WHERE embedding IS NOT NULL AND embedding_model <> current_model LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a vector of % cannot stand beside those of %', other, current_model
            USING ERRCODE = 'check_violation', CONSTRAINT = 'knowledge_base_one_model';
    END IF;
    IF current_setting('app.filling_embeddings', true) = 'on' THEN
        shadow_model := (SELECT value ->> 'model' FROM public.system_settings WHERE key = 'embedding_shadow');
        SELECT embedding_shadow_model INTO other FROM written
        WHERE embedding_shadow IS NOT NULL AND embedding_shadow_model IS DISTINCT FROM shadow_model LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'a vector of % cannot stand in the generation of %', other, shadow_model
                USING ERRCODE = 'check_violation', CONSTRAINT = 'knowledge_base_one_model';
        END IF;
    END IF;
    RETURN NULL;
END $$;

-- A shadow vector is no change that an index has to follow.
CREATE OR REPLACE FUNCTION record_knowledge_changes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    recorded boolean := false;
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('app.filling_embeddings', true) = 'on' THEN
        RETURN NULL;
    END IF;
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

-- The owner counts rows while swap_embedding_generations() runs, and at no other time.
CREATE POLICY knowledge_base_generations ON knowledge_base FOR SELECT TO CURRENT_USER
    USING (current_setting('app.swapping_embeddings', true) = 'on');

-- Makes the shadow generation the live one and the live one the shadow, which from then on plays the role given. Returns how many rows lack
-- their shadow vector: unless that is 0, nothing has changed.
-- Runs as the owner, because it renames columns. Writers wait while rows are counted, readers while columns are renamed.
CREATE FUNCTION swap_embedding_generations(from_model text, to_model text, role_after text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    missing bigint;
    patience text := current_setting('lock_timeout');
    attempts integer := 0;
BEGIN
    PERFORM set_config('app.swapping_embeddings', 'on', true);
    LOOP
        -- Never waits for others for as long as they would wait behind it, and holds neither lock while it rests: a transaction that reads and
        -- then writes would be in the way of the second, and the first in its own.
        BEGIN
            PERFORM set_config('lock_timeout', '1s', true);
            LOCK TABLE public.knowledge_base IN SHARE ROW EXCLUSIVE MODE;
            SELECT count(*) INTO missing FROM public.knowledge_base WHERE embedding IS NOT NULL AND embedding_shadow IS NULL;
            EXIT WHEN missing > 0;
            PERFORM set_config('lock_timeout', '100ms', true);
            LOCK TABLE public.knowledge_base IN ACCESS EXCLUSIVE MODE;
            EXIT;
        EXCEPTION WHEN lock_not_available THEN
            attempts := attempts + 1;
            IF attempts >= 100 THEN
                RAISE;
            END IF;
            PERFORM pg_sleep(0.1 * random());
        END;
    END LOOP;
    PERFORM set_config('lock_timeout', patience, true);
    PERFORM set_config('app.swapping_embeddings', '', true);
    IF missing > 0 THEN
        RETURN missing;
    END IF;
    UPDATE public.system_settings SET value = to_jsonb(to_model) WHERE key = 'embedding_model' AND value = to_jsonb(from_model);
    IF FOUND THEN
        UPDATE public.system_settings SET value = jsonb_build_object('model', from_model, 'role', role_after)
        WHERE key = 'embedding_shadow' AND value ->> 'model' = to_model;
    END IF;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the generations are no longer % and %', from_model, to_model USING ERRCODE = 'serialization_failure';
    END IF;
    ALTER TABLE public.knowledge_base RENAME embedding TO embedding_swapped;
    ALTER TABLE public.knowledge_base RENAME embedding_shadow TO embedding;
    ALTER TABLE public.knowledge_base RENAME embedding_swapped TO embedding_shadow;
    ALTER TABLE public.knowledge_base RENAME embedding_model TO embedding_model_swapped;
    ALTER TABLE public.knowledge_base RENAME embedding_shadow_model TO embedding_model;
    ALTER TABLE public.knowledge_base RENAME embedding_model_swapped TO embedding_shadow_model;
    -- Its lists are those of the former vectors; the service's daily round makes it anew.
    DROP INDEX IF EXISTS public.idx_knowledge_base_embedding;
    -- To an index that follows, all vectors are others now.
    INSERT INTO public.knowledge_changes (row_id, partition_id) VALUES (NULL, NULL);
    PERFORM pg_notify('bunko_knowledge', '');
    PERFORM pg_notify('bunko_embedding_model', '');
    RETURN 0;
END $$;
REVOKE ALL ON FUNCTION swap_embedding_generations(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION swap_embedding_generations(text, text, text) TO bunko_worker;
