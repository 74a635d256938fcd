-- When an edit was changed or removed that chunks of retired versions still have: for them it stays as it was, and no later
-- version is given it.
ALTER TABLE chunk_edits ADD COLUMN superseded_at INTEGER;
