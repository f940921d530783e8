-- Shared knowledge belongs to the system user and is read by everybody: so are the files it was cut from, whose names its citations
-- tell. Administrators write both, acting for the system user.
CREATE POLICY files_shared ON files FOR SELECT TO authenticated
    USING (current_user_id() IS NOT NULL AND user_id = '00000000-0000-0000-0000-000000000001');

-- Its list: a condition IS NULL orders nothing by the index that begins with the assistant.
CREATE INDEX idx_knowledge_base_shared ON knowledge_base (created_at DESC, id DESC) WHERE secretary_id IS NULL;
