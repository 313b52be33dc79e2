ALTER TABLE members ADD COLUMN audit_id int REFERENCES audit;
