DROP TABLE assistants;
DROP TABLE personality_templates;
