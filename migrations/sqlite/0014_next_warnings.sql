-- What a version tells of itself once its knowledge base has moved to `next_generation`, as JSON: edits that have no chunk
-- there. Until then they have theirs, and where the change is given up, they keep them.
ALTER TABLE versions ADD COLUMN next_warnings TEXT;
