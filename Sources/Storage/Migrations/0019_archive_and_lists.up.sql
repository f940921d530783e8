-- What archiving left where it does not belong, and the indexes of lists that had none.

-- A file that was still in the queue when its conversation was archived was cut into passages of the whole assistant; and messages
-- archived before their conversation was deleted stayed behind. The owner is bound by the policies and removes rows of every user here.
ALTER TABLE knowledge_base NO FORCE ROW LEVEL SECURITY;
ALTER TABLE files NO FORCE ROW LEVEL SECURITY;
ALTER TABLE conversations NO FORCE ROW LEVEL SECURITY;
ALTER TABLE conversations_archive NO FORCE ROW LEVEL SECURITY;
ALTER TABLE messages_archive NO FORCE ROW LEVEL SECURITY;
DELETE FROM knowledge_base k USING files f
WHERE f.user_id = k.user_id AND f.id = k.file_id AND f.archived_conversation_id IS NOT NULL;
DELETE FROM messages_archive m
WHERE NOT EXISTS (SELECT FROM conversations c WHERE c.user_id = m.user_id AND c.id = m.conversation_id)
    AND NOT EXISTS (SELECT FROM conversations_archive a WHERE a.user_id = m.user_id AND a.id = m.conversation_id);
ALTER TABLE knowledge_base FORCE ROW LEVEL SECURITY;
ALTER TABLE files FORCE ROW LEVEL SECURITY;
ALTER TABLE conversations FORCE ROW LEVEL SECURITY;
ALTER TABLE conversations_archive FORCE ROW LEVEL SECURITY;
ALTER TABLE messages_archive FORCE ROW LEVEL SECURITY;

CREATE INDEX idx_conversations_user_created ON conversations (user_id, created_at DESC, id DESC);
-- The personas one may choose from, by name: one's own and everybody's public ones.
CREATE INDEX idx_personality_templates_user_name ON personality_templates (user_id, name, id);
CREATE INDEX idx_personality_templates_public_name ON personality_templates (name, id) WHERE is_public;
