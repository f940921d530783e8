-- Public assistants: others use the persona, and search the knowledge only when settings.share_knowledge is true. Each row says itself
-- whether it is shared, so that the policies compare columns and ask no other table.
CREATE FUNCTION shares_knowledge(is_public boolean, is_active boolean, settings jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT is_public AND is_active AND coalesce(settings -> 'share_knowledge' = 'true', false) $$;

ALTER TABLE files ADD is_shared boolean NOT NULL DEFAULT false;
ALTER TABLE knowledge_base ADD is_shared boolean NOT NULL DEFAULT false;

-- What is attached to a conversation is never shared. The assistant's row is locked: whoever takes its knowledge back waits for rows
-- that are on their way, and finds them.
CREATE FUNCTION share_new_row() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    assistant uuid;
    shared boolean;
BEGIN
    IF TG_TABLE_NAME = 'files' THEN
        assistant := NEW.assistant_id;
    ELSE
        assistant := NEW.secretary_id;
    END IF;
    IF assistant IS NOT NULL AND NEW.conversation_id IS NULL THEN
        SELECT shares_knowledge(a.is_public, a.is_active, a.settings) INTO shared
        FROM assistants a WHERE a.user_id = NEW.user_id AND a.id = assistant FOR SHARE;
    END IF;
    NEW.is_shared := coalesce(shared, false);
    RETURN NEW;
END $$;
CREATE TRIGGER files_share BEFORE INSERT OR UPDATE OF assistant_id ON files FOR EACH ROW EXECUTE FUNCTION share_new_row();
CREATE TRIGGER knowledge_base_share BEFORE INSERT OR UPDATE OF secretary_id, conversation_id ON knowledge_base
    FOR EACH ROW EXECUTE FUNCTION share_new_row();

CREATE FUNCTION share_rows_of_assistant() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    shared boolean := shares_knowledge(NEW.is_public, NEW.is_active, NEW.settings);
BEGIN
    IF shared <> shares_knowledge(OLD.is_public, OLD.is_active, OLD.settings) THEN
        UPDATE knowledge_base SET is_shared = shared
        WHERE user_id = NEW.user_id AND secretary_id = NEW.id AND is_shared <> shared AND (conversation_id IS NULL OR NOT shared);
        UPDATE files SET is_shared = shared
        WHERE user_id = NEW.user_id AND assistant_id = NEW.id AND is_shared <> shared
            AND ((conversation_id IS NULL AND archived_conversation_id IS NULL) OR NOT shared);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER assistants_share AFTER UPDATE OF is_public, is_active, settings ON assistants
    FOR EACH ROW EXECUTE FUNCTION share_rows_of_assistant();

-- Assistants that asked for it before this was obeyed. The owner is bound by the policies and changes rows of every user here.
ALTER TABLE assistants NO FORCE ROW LEVEL SECURITY;
ALTER TABLE knowledge_base NO FORCE ROW LEVEL SECURITY;
ALTER TABLE files NO FORCE ROW LEVEL SECURITY;
UPDATE knowledge_base k SET is_shared = true FROM assistants a
WHERE a.user_id = k.user_id AND a.id = k.secretary_id AND k.conversation_id IS NULL
    AND shares_knowledge(a.is_public, a.is_active, a.settings);
UPDATE files f SET is_shared = true FROM assistants a
WHERE a.user_id = f.user_id AND a.id = f.assistant_id AND f.conversation_id IS NULL AND f.archived_conversation_id IS NULL
    AND shares_knowledge(a.is_public, a.is_active, a.settings);
ALTER TABLE assistants FORCE ROW LEVEL SECURITY;
ALTER TABLE knowledge_base FORCE ROW LEVEL SECURITY;
ALTER TABLE files FORCE ROW LEVEL SECURITY;

CREATE POLICY knowledge_base_public ON knowledge_base FOR SELECT TO authenticated USING (current_user_id() IS NOT NULL AND is_shared);
CREATE POLICY files_public ON files FOR SELECT TO authenticated USING (current_user_id() IS NOT NULL AND is_shared);

-- The persona of a public assistant, for whoever uses it: its template may be private. Runs as the owner, whom the policies let through
-- only while the setting stands that the function makes inside itself.
CREATE POLICY assistants_persona ON assistants FOR SELECT TO CURRENT_USER
    USING (is_public AND is_active AND current_setting('app.reading_persona', true) = 'on');
CREATE POLICY personality_templates_persona ON personality_templates FOR SELECT TO CURRENT_USER
    USING (current_setting('app.reading_persona', true) = 'on');
CREATE FUNCTION public_persona(used_assistant uuid)
    RETURNS TABLE (id uuid, slug varchar, name varchar, description text, system_prompt text, published_version integer)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    PERFORM set_config('app.reading_persona', 'on', true);
    RETURN QUERY
        SELECT t.id, t.slug, t.name, t.description, t.system_prompt, t.published_version
        FROM public.assistants a JOIN public.personality_templates t ON t.id = a.personality_template_id
        WHERE a.id = used_assistant AND a.is_public AND a.is_active AND t.is_active AND public.current_user_id() IS NOT NULL;
    PERFORM set_config('app.reading_persona', '', true);
END $$;
REVOKE ALL ON FUNCTION public_persona(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public_persona(uuid) TO authenticated;
