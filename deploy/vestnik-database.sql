-- Vestnik's database beside Temporal's two; run by PostgreSQL's image on an empty volume.
create database vestnik;
