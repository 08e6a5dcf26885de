-- Whoever is joined, looked at, exported or erased is looked for among the conflicts: without these each joining read all there are.
create index identity_conflicts_holder on identity_conflicts (holder_id);
create index identity_conflicts_claimant on identity_conflicts (claimant_id);
