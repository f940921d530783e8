ALTER TABLE knowledge_changes ALTER changed_at SET DEFAULT now();
