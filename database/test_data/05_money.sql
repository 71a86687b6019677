-- Test data, money: wallets, gifts, movements on chains, cases of verification, receipts and the treasury. Kinds of uid(): 100 wallets, 101 donations, 102 cases of gifts, 103 project funds,
-- 104 incoming of gifts, 105 what they replaced, 106 sweeps, 107 sweeps as received, 108 payouts and exchanges, 109 refunds on chains, 110 core.refunds, 111 dust, 112 openings, 113 custodian fees,
-- 114 cases of donors, 115 their lapsed ones, 116 receipts, 117 corrections, 118 annual statements. Salts are the number of the task and two digits.

-- task: BUILD_0862 create_test_data
-- title: Generate core.wallets and checksummed addresses per chain: testdata.address(chain, seed, n)
-- does: address() makes bech32 and bech32m (their checksum is linear: table checksums holds what each word adds at each place, bit_xor adds it up), base58check, EIP-55, StrKey with its CRC16 and base58 of
--   exactly 32 bytes; txid() ids of the shape of a chain. The first sixty wallets are the organisation's: per chain a public, a hot, a cold one and multisigs of 2 of 3 and 3 of 5, then deposit pools;
--   the others people's, with proofs. Nobody holds a key to any of them.
-- proves: reference checksums of BIP-173, BIP-350 and SEP-23 come out of the table, addresses of every chain are valid and not after one changed character, addresses stay unique, halves equal the whole.
-- needs: BUILD_0714, BUILD_0715, BUILD_0717, BUILD_0720, BUILD_0857
create table testdata.checksums (
  kind text not null,
  position int not null,
  word int not null,
  sum int not null,
  constraint checksums_kind_position_word_pk primary key (kind, position, word)
);

insert into testdata.checksums (kind, position, word, sum)
with recursive turns (position, word, sum) as (
  select 0, w, w::bigint from generate_series(0, 31) w
  union all
  select t.position + 1, t.word, ((t.sum & 33554431) << 5) # case when (t.sum >> 25) & 1 = 1 then 996825010 else 0 end # case when (t.sum >> 26) & 1 = 1 then 642813549 else 0 end # case when (t.sum >> 27) & 1 = 1 then 513874426 else 0 end
    # case when (t.sum >> 28) & 1 = 1 then 1027748829 else 0 end # case when (t.sum >> 29) & 1 = 1 then 705979059 else 0 end
  from turns t where t.position < 70),
bits (place, sum) as (
  select 0, 4129
  union all
  select b.place + 1, case when b.sum & 32768 = 0 then b.sum << 1 else (b.sum << 1) # 4129 end & 65535 from bits b where b.place < 263)
select 'bech32', t.position, t.word, t.sum::int from turns t
union all
select 'strkey', i, w, coalesce(bit_xor(b.sum), 0) from generate_series(0, 52) i cross join generate_series(0, 31) w left join lateral generate_series(0, 4) k on (w >> (4 - k)) & 1 = 1 left join bits b on b.place = 263 - 5 * i - k group by i, w;

create function testdata.bech32(witness int, words int[]) returns text
  language sql stable
begin atomic
  select 'bc1' || (select string_agg(substr('qpzry9x8gf2tvdw0s3jn54khce6mua7l', w.word + 1, 1), '' order by w.place) from unnest(bech32.witness || bech32.words) with ordinality as w(word, place))
    || (select string_agg(substr('qpzry9x8gf2tvdw0s3jn54khce6mua7l', ((s.sum >> (25 - 5 * i.i)) & 31) + 1, 1), '' order by i.i) from generate_series(0, 5) as i(i))
  from (select bit_xor(c.sum) # case bech32.witness when 0 then 1 else 734539939 end as sum
    from unnest(array[1, 3, 3, 0, 2, 3, bech32.witness] || bech32.words) with ordinality as w(word, place)
    join testdata.checksums c on c.kind = 'bech32' and c.position = cardinality(bech32.words) + 13 - w.place::int and c.word = w.word) s;
end;

create function testdata.base58(body bytea) returns text
  language sql immutable strict parallel safe
begin atomic
  select string_agg(substr('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz', (div(v.value, power(58::numeric, k.k)) % 58)::int + 1, 1), '' order by k.k desc)
  from (select sum(get_byte(base58.body, i.i) * power(256::numeric, length(base58.body) - 1 - i.i)) as value from generate_series(0, length(base58.body) - 1) as i(i)) v,
    generate_series(0, ceil(length(base58.body) * 1.3658)::int) as k(k)
  where div(v.value, power(58::numeric, k.k)) > 0;
end;

create function testdata.strkey(digest bytea) returns text
  language sql stable
begin atomic
  with words as materialized (
    select k.k as place, case k.k when 0 then 6 when 1 then get_byte(strkey.digest, 1) & 3 when 52 then get_byte(strkey.digest, 52) & 30 else get_byte(strkey.digest, k.k) & 31 end as word from generate_series(0, 52) as k(k)),
  crc as (
    select ((x.sum & 255) << 8) | (x.sum >> 8) as sum from (select bit_xor(c.sum) as sum from words w join testdata.checksums c on c.kind = 'strkey' and c.position = w.place and c.word = w.word) x)
  select string_agg(substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', t.word + 1, 1), '' order by t.place)
  from (select w.place, w.word | case w.place when 52 then c.sum >> 15 else 0 end as word from words w, crc c
    union all select 52 + i.i, (c.sum >> (15 - 5 * i.i)) & 31 from crc c, generate_series(1, 3) as i(i)) t;
end;

create function testdata.base58_like(digest bytea) returns text
  language sql immutable strict parallel safe
  return translate(replace(encode(digest, 'base64'), e'\n', ''), '0OIl+/=', 'oPJ5mn');

create function testdata.address(chain text, seed bigint, n bigint, checked boolean default true) returns text
  language sql stable
begin atomic
  select case
    when address.chain in ('ethereum', 'polygon') then case when address.checked then core.eip55('0x' || left(encode(d.digest, 'hex'), 40)) else '0x' || left(encode(d.digest, 'hex'), 40) end
    when address.chain = 'solana' then substr('23456789ABCDEFGH', 1 + (address.n % 16)::int, 1) || testdata.base58_like(substr(d.digest, 1, 32))
    when address.chain = 'stellar' then testdata.strkey(d.digest)
    when address.chain = 'bitcoin' and address.n % 4 = 0 then testdata.bech32(1, array(select case k.k when 51 then (get_byte(d.digest, k.k) & 1) * 16 else get_byte(d.digest, k.k) & 31 end from generate_series(0, 51) as k(k)))
    when address.chain = 'bitcoin' and address.n % 4 = 1 then (
      select '1' || testdata.base58(substr(b.body, 2) || substr(sha256(sha256(b.body)), 1, 4)) from (select '\x00'::bytea || set_byte(substr(d.digest, 1, 20), 0, get_byte(d.digest, 0) | 1) as body) b)
    when address.chain = 'bitcoin' then testdata.bech32(0, array(select get_byte(d.digest, k.k) & 31 from generate_series(0, 31) as k(k)))
    else 'td-' || left(encode(d.digest, 'hex'), 24) end
  from (select sha512(convert_to(concat_ws(':', 'address', address.chain, address.seed, address.n), 'UTF8')) as digest offset 0) d;
end;

create function testdata.txid(chain text, seed bigint, n bigint) returns text
  language sql immutable strict parallel safe
  return case when chain in ('ethereum', 'polygon') then '0x' else '' end || case when chain = 'solana' then substr('56789ABC', 1 + (n % 8)::int, 1) || testdata.base58_like(sha512(convert_to(concat_ws(':', 'tx', chain, seed, n), 'UTF8')))
    when chain in ('custodial', 'fiat') then 'td-' || left(encode(sha256(convert_to(concat_ws(':', 'tx', chain, seed, n), 'UTF8')), 'hex'), 24) else encode(sha256(convert_to(concat_ws(':', 'tx', chain, seed, n), 'UTF8')), 'hex') end;

create function testdata.wallets_of(seed bigint, lo bigint, hi bigint, sf numeric)
  returns table (n bigint, id uuid, owner_id uuid, chain text, custody text, status text, path text[], times timestamptz[], at timestamptz, label text, threshold_m int, threshold_n int, pool text)
  language plpgsql stable set search_path = ''
as $$
#variable_conflict use_variable
declare
  people constant bigint := testdata.keys_of('gen_users', sf);
  chains constant text[] := '{bitcoin,ethereum,solana,stellar,polygon,custodial,fiat}';
  born constant timestamptz := testdata.window_start() - interval '10 days';
begin
  return query
  select k, testdata.uid(seed, 100, k, testdata.ms(born) + k), null::uuid, t.chain, case when t.role in (0, 5) then 'public' when t.chain in ('custodial', 'fiat') then 'custodial' else (array['hot', 'cold', 'multisig', 'multisig'])[t.role] end, 'active',
    '{unverified,active}'::text[], array[born + k * interval '1 millisecond', born + interval '1 day'], born + k * interval '1 millisecond', initcap(t.chain) || ' ' || (array['gifts', 'hot', 'cold', 'board, 2 of 3', 'board, 3 of 5', 'deposits'])[t.role + 1] || ' ' || k,
    case when t.chain not in ('custodial', 'fiat') then case t.role when 3 then 2 when 4 then 3 end end, case when t.chain not in ('custodial', 'fiat') then case t.role when 3 then 3 when 4 then 5 end end, case t.role when 5 then 'testdata-' || testdata.seed_tag(seed) end
  from generate_series(lo, least(hi, 60) - 1) k, lateral (select chains[1 + (case when k < 35 then k % 7 else k % 5 end)::int] as chain, case when k < 35 then (k / 7)::int else 5 end as role) t
  union all
  select d.k, testdata.uid(seed, 100, d.k, testdata.ms(a.at)), e.id, d.chain, 'user', w.status, w.path, testdata.steps_of(d.u_times, a.at, testdata.window_end(), cardinality(w.path)), a.at,
    (array['Savings', 'Phone', 'Workshop', 'Laptop', 'Hardware key'])[1 + (d.k % 5)::int], null, null, null
  from (select k, testdata.permute(k - 60, people, seed) as owner_n, chains[testdata.pick_weighted(testdata.unit(seed, 86201, k), '{0.3,0.55,0.72,0.84,1}')] as chain, testdata.unit(seed, 86202, k) as u_status, testdata.unit(seed, 86203, k) as u_times, testdata.unit(seed, 86204, k) as u_at
    from generate_series(greatest(lo, 60), hi - 1) k offset 0) d
  join testdata.entities e on e.seed = wallets_of.seed and e.kind = 'user' and e.n = d.owner_n
  join testdata.walks_of('wallet', '{"active": 80, "unverified": 14, "frozen": 2, "retired": 4}') w on d.u_status >= w.lo and d.u_status < w.hi,
    lateral (select date_trunc('milliseconds', e.at + (testdata.window_end() - e.at) * (0.001 + 0.9 * d.u_at)) as at) a;
end $$;

create function testdata.gen_wallets(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  made bigint;
begin
  perform testdata.require_allowed();
  with plan as materialized (
    select w.*, case when w.owner_id is null then w.at + interval '2 days' when 'active' = any (w.path) then w.times[array_position(w.path, 'active')] end as proven_at from testdata.wallets_of(seed, lo, hi, sf) w offset 0),
  rows as (
    insert into core.wallets (id, owner_id, chain, address, label, custody, status, threshold_m, threshold_n, derivation_path, verified_at, verification, metadata, created_at, updated_at)
    select p.id, p.owner_id, p.chain, testdata.address(p.chain, seed, p.n), p.label, p.custody, p.status, p.threshold_m, p.threshold_n, case when p.custody in ('hot', 'public') and p.chain = 'bitcoin' then 'm/84''/0''/0''/0/' || p.n end, p.proven_at,
      case when p.proven_at is null then '{}' else jsonb_build_object('method', case p.chain when 'bitcoin' then 'bip322' when 'solana' then 'ed25519' when 'stellar' then 'sep10' when 'ethereum' then 'eip191' when 'polygon' then 'eip191' else 'letter' end,
        'checked_at', core.utc_text(p.proven_at), 'signature_sha256', encode(sha256(convert_to(concat_ws(':', 'proof', seed, p.n), 'UTF8')), 'hex')) end,
      jsonb_strip_nulls(jsonb_build_object('testdata', true, 'pool', p.pool)), p.at, greatest(p.times[cardinality(p.times)], p.proven_at)
    from plan p order by p.n returning 1),
  keys as (
    insert into testdata.entities (seed, kind, n, id, at) select seed, 'wallet', p.n, p.id, p.at from plan p order by p.n returning 1)
  select count(*) + (select count(*) from keys) into made from rows;
  return made + testdata.write_history('wallet', format('select w.id, w.path, w.times, w.owner_id from testdata.wallets_of(%s, %s, %s, %s) w where cardinality(w.path) > 1', seed, lo, hi, sf));
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values ('gen_wallets', '{core.wallets,core.status_changes,testdata.entities}', '{gen_users}', 20000, 2000, 100);

comment on table testdata.checksums is 'What a five-bit word adds to a linear checksum. @distribution reference';
comment on column testdata.checksums.kind is 'bech32 (position: words that follow) or strkey (position: words before).';
comment on column testdata.checksums.position is 'Where the word stands.';
comment on column testdata.checksums.word is 'The word, 0 to 31.';
comment on column testdata.checksums.sum is 'What it adds, by exclusive or.';
comment on function testdata.bech32 is 'Witness address of bitcoin main net: bech32 for version 0, bech32m for later ones.';
comment on function testdata.base58 is 'Bytes whose first is not 0 in base58.';
comment on function testdata.strkey is 'Public key of stellar from 53 or more random bytes.';
comment on function testdata.base58_like is 'Random bytes as letters of the base58 alphabet, one for six bits.';
comment on function testdata.address is 'An address of a chain nobody holds the key of. EVM ones carry their checksum (EIP-55, some milliseconds) unless checked is false.';
comment on function testdata.txid is 'An id of the shape of a chain''s transactions.';
comment on function testdata.wallets_of is 'What decides about the wallets of a range.';
comment on function testdata.gen_wallets is 'Makes core.wallets, their log of statuses and the entities wallet: n is 7 times the role (0 public, 1 hot, 2 cold, 3 and 4 multisig) plus the place of the chain below 35, pools below 60, then people''s.';

-- verify
set local testdata.allow = on;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes') >= 0, core.load_key('user.email', decode(repeat('62', 32), 'hex')) > 0;
select testdata.bech32(0, (core.bech32_words(a))[2:33]) = a from (values ('bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4')) v(a);
select testdata.bech32(1, (core.bech32_words(a))[2:53]) = a from (values ('bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0')) v(a);
select '1' || testdata.base58(substr(core.base58_decode(a), 2)) = a from (values ('1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa')) v(a);
select testdata.strkey(decode(string_agg(lpad(to_hex(strpos('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', substr(a, i, 1)) - 1), 2, '0'), '' order by i), 'hex')) = a from (values ('GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN')) v(a), generate_series(1, 56) i group by a;
select c.code, count(*) = 24, bool_and(core.is_valid_address(c.code, a)), count(distinct core.normal_address(c.code, a)) = 24 from core.chains c, lateral (select testdata.address(c.code, 42862, n, n % 24 > 20) as a from generate_series(1, 24) n) t where c.code in ('bitcoin', 'ethereum', 'solana', 'stellar', 'polygon', 'custodial', 'fiat') group by c.code;
select chain, bool_and(not core.is_valid_address(chain, changed)) from (values ('bitcoin'), ('stellar'), ('solana')) c(chain), generate_series(1, 10) n, lateral (select testdata.address(chain, 42862, n) as a) t,
  lateral (select case chain when 'solana' then left(a, -2) else left(a, 20) || case substr(a, 21, 1) when '3' then '4' else '3' end || substr(a, 22) end as changed) x group by chain;
select core.is_valid_address('ethereum', a), not core.is_valid_address('ethereum', translate(a, 'abcdefABCDEF', 'ABCDEFabcdef')) from (select testdata.address('ethereum', 42862, 3) as a) t;
select c.code, bool_and(testdata.txid(c.code, 42862, n) ~ c.txid_pattern), count(distinct testdata.txid(c.code, 42862, n)) = 20 from core.chains c, generate_series(1, 20) n where c.code in ('bitcoin', 'ethereum', 'solana', 'stellar', 'polygon', 'custodial', 'fiat') group by c.code;
select count(distinct testdata.address('ethereum', 42862, n, false)) = 2000, count(distinct testdata.address('solana', 42862, n)) = 2000 from generate_series(1, 2000) n;
select count(*) = 71 * 32 + 53 * 32 from testdata.checksums;
select blueprint.raises($$ insert into testdata.checksums values ('bech32', 0, 0, 0) $$, '23505', 'checksums_kind_position_word_pk');
select testdata.gen_users(42862, 0, 60, 0.0006) > 0;
create temporary view pg_temp.made_0862 as select e.n, w.* from testdata.entities e join core.wallets w using (id) where e.seed = 42862 and e.kind = 'wallet';
do $verify$
declare
  halves text;
begin
  perform testdata.gen_wallets(42862, 60, 80, 0.0006) + testdata.gen_wallets(42862, 52, 60, 0.0006);
  select sum(hashtextextended(m::text, 0))::text into halves from pg_temp.made_0862 m;
  raise exception using errcode = 'P0862';
exception when sqlstate 'P0862' then
  perform set_config('probe.halves', halves, true);
end $verify$;
select testdata.gen_wallets(42862, 52, 80, 0.0006) > 70;
select sum(hashtextextended(m::text, 0))::text = current_setting('probe.halves'), count(*) = 28 from pg_temp.made_0862 m;
select testdata.gen_wallets(42862, 0, 35, 0.0006) > 70;
select count(*) = 63, bool_and(metadata @> '{"testdata": true}' and testdata.is_test_id(id)), count(*) filter (where custody = 'multisig' and (threshold_m, threshold_n) in ((2, 3), (3, 5))) = 10, count(*) filter (where custody = 'cold') = 5,
  count(*) filter (where custody = 'public' and metadata ? 'pool') = 8, count(*) filter (where owner_id is not null and custody = 'user') = 20, bool_and((status = 'unverified') <= (verified_at is null) and (status = 'active') <= (verified_at is not null)), bool_and(updated_at >= created_at),
  count(*) filter (where verification ? 'method') > 50, count(*) filter (where n < 7 and custody = 'public' and status = 'active') = 7 from pg_temp.made_0862;
select count(*) = 0 from pg_temp.made_0862 m where m.status <> 'unverified' and m.status is distinct from (select s.to_status from core.status_changes s where s.entity_id = m.id order by s.occurred_at desc limit 1);
set local testdata.allow = off;
select blueprint.raises('select testdata.gen_wallets(42862, 0, 10, 0.0006)', '42501', 'not allowed');
select count(*) = 1, (select count(*) = 0 from blueprint.open_to_public('testdata')), (select relrowsecurity and relforcerowsecurity from pg_class where oid = 'testdata.checksums'::regclass) from testdata.generators where name = 'gen_wallets' and after = '{gen_users}';

-- revert
delete from testdata.generators where name = 'gen_wallets';
drop function testdata.gen_wallets;
drop function testdata.wallets_of;
drop function testdata.txid;
drop function testdata.address;
drop function testdata.base58_like;
drop function testdata.strkey;
drop function testdata.base58;
drop function testdata.bech32;
drop table testdata.checksums;
