create materialized view core.counts with (fillfactor=70) as
 SELECT name,
    count(*) AS n
   FROM core.users
  GROUP BY name
  with no data;
grant select on table core.counts to hc_a;
comment on materialized view core.counts is 'C';
comment on column core.counts.n is 'Number';
CREATE UNIQUE INDEX counts_name_idx ON core.counts USING btree (name);
