-- One archive of 13 KB may bring thousands of members, each with a job: they must not hold up what somebody uploads
-- after it. Within its knowledge base a job of what lies within another document (1) comes behind those of what stands
-- by itself (0); upkeep, which was 1, comes behind both (2).
UPDATE jobs SET urgency = 2 WHERE urgency = 1;

-- And knowledge bases take turns: the one that was served longest ago is next. A count and not a time, for clocks go
-- back. Claiming asks for the highest one.
ALTER TABLE knowledge_bases ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
CREATE INDEX knowledge_bases_by_turn ON knowledge_bases (turn);

-- Which knowledge bases have work, and the first job of one, without reading the thousands behind it.
CREATE INDEX jobs_by_turn ON jobs (knowledge_base, urgency, created_at, id) WHERE state IN ('queued', 'running');
