-- A restart of the service is no failure of the jobs it interrupts: they keep their attempts. How often a job was
-- interrupted is counted apart, so that one that takes the whole process down with it still comes to an end.
ALTER TABLE jobs ADD COLUMN interruptions INTEGER NOT NULL DEFAULT 0;
