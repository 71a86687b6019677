-- Test data, money: wallets, gifts, movements on chains, cases of verification, receipts and the treasury. Kinds of uid(): 100 wallets, 101 donations, 102 cases of gifts, 103 project funds,
-- 104 incoming of gifts, 105 what they replaced, 106 sweeps, 107 sweeps as received, 108 payouts and exchanges, 109 refunds on chains, 110 core.refunds, 111 dust, 112 openings, 113 custodian fees,
-- 114 cases of donors, 116 receipts, 117 their changes, 119 entries, 120 accounts, 121 budgets, 122 intents, 123 signers, 124 proposals, 125 payouts, 126 screenings, 127 reconciliations. Salts are the number of the task and two digits.

-- task: BUILD_0862 create_test_data drill
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
  ended constant timestamptz := testdata.window_end();
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
  select d.k, testdata.uid(seed, 100, d.k, testdata.ms(a.at)), e.id, d.chain, 'user', w.status, w.path, testdata.steps_of(d.u_times, a.at, ended, cardinality(w.path)), a.at,
    (array['Savings', 'Phone', 'Workshop', 'Laptop', 'Hardware key'])[1 + (d.k % 5)::int], null, null, null
  from (select k, testdata.permute(k - 60, people, seed) as owner_n, chains[testdata.pick_weighted(testdata.unit(seed, 86201, k), '{0.3,0.55,0.72,0.84,1}')] as chain, testdata.unit(seed, 86202, k) as u_status, testdata.unit(seed, 86203, k) as u_times, testdata.unit(seed, 86204, k) as u_at
    from generate_series(greatest(lo, 60), hi - 1) k offset 0) d
  join testdata.entities e on e.seed = wallets_of.seed and e.kind = 'user' and e.n = d.owner_n
  join testdata.walks_of('wallet', '{"active": 80, "unverified": 14, "frozen": 2, "retired": 4}') w on d.u_status >= w.lo and d.u_status < w.hi,
    lateral (select date_trunc('milliseconds', e.at + (ended - e.at) * (0.001 + 0.9 * d.u_at)) as at) a;
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

-- task: BUILD_0861 create_test_data drill
-- title: Generate core.donations: round-number peaks, recurring givers, campaigns, thresholds and refunds
-- does: Donors by zipf(1.2) in blocks of ten among those who were there already, one gift in eight by a guest; amounts lognormal with peaks at round numbers; of twenty keys six are a standing order with a
--   month between them; chains with their clocks: a gift is confirmed when its block is deep enough; crypto at rate() of its day. Large gifts of guests wait for a case, were flagged or let go by it; one
--   sanctions hit in 5,000; each flagged or waiting gift comes with its case. Four project funds of the seed come first. donations_of() tells the whole plan.
-- proves: an honest run passes all constraints, two halves have the digest of the whole, deep enough and judged are one, 60 to 80 % of fiat amounts are round, the top 1 % of donors give over 25 %, standing
--   orders step by months, no hit is confirmed, paths are lawful.
-- needs: BUILD_0164, BUILD_0704, BUILD_0748, BUILD_0862
create function testdata.rate(base double precision, phase int, seed bigint, day bigint) returns numeric
  language sql immutable parallel safe
  return round((base * case when base = 1 then 1 else exp(0.2 * sin(day / 17.0::double precision + phase) + 0.08 * (testdata.unit(seed, 86101 + phase, day) - 0.5)) end)::numeric, 6);

create function testdata.rate(currency text, seed bigint, at timestamptz) returns numeric
  language sql stable parallel safe
  return testdata.rate(case split_part(currency, '-', 1) when 'BTC' then 64000 when 'ETH' then 3100 when 'SOL' then 150 when 'XLM' then 0.11 when 'POL' then 0.52 when 'USD' then 1 when 'USDC' then 1 end,
    case split_part(currency, '-', 1) when 'BTC' then 1 when 'ETH' then 2 when 'SOL' then 3 when 'XLM' then 4 when 'POL' then 5 else 0 end, seed, floor(date_part('epoch', at) / 86400)::bigint);

create function testdata.block_seconds(chain text) returns numeric
  language sql immutable parallel safe
  return case chain when 'bitcoin' then 600 when 'ethereum' then 12 when 'solana' then 0.4 when 'stellar' then 5 when 'polygon' then 2 end;

create function testdata.donations_of(seed bigint, lo bigint, hi bigint, sf numeric)
  returns table (n bigint, id uuid, donor_n bigint, donor_id uuid, origin bigint, at timestamptz, chain text, currency text, usd numeric, crypto numeric, rate numeric, outcome text, path text[], times timestamptz[], settled_at timestamptz,
    block_height bigint, block_at timestamptz, confirmations int, required int, series bigint)
  language plpgsql stable set search_path = '' rows 10000
as $$
#variable_conflict use_variable
declare
  people constant bigint := testdata.keys_of('gen_users', sf);
  total constant bigint := testdata.keys_of('gen_donations', sf);
  begun constant timestamptz := testdata.window_start();
  ended constant timestamptz := testdata.window_end();
  last constant timestamptz := ended - interval '1 day';
  share constant double precision := extract(epoch from last - begun) / extract(epoch from ended - begun);
  span constant testdata.span := testdata.span();
  staffed constant timestamptz := (select max(e.at) from testdata.entities e where e.seed = donations_of.seed and e.kind = 'user' and e.n in (0, 7, 8));  -- before that nobody looks into a gift
  networks constant text[] := '{fiat,bitcoin,ethereum,ethereum,solana,solana,stellar,polygon,polygon,custodial}';
  coins constant text[] := '{USD,BTC,ETH,USDC-ethereum,SOL,USDC-solana,XLM,POL,USDC-polygon,USDC-custodial}';
begin
  return query
  with keys as materialized (
    select k.k, k.base, k.step, testdata.spread(seed, 86110, k.base, greatest(total, k.base + 1)) as base_u, testdata.spread(seed, 86110, k.k, greatest(total, k.k + 1)) as own_u
    from (select k, k - case when k % 20 >= 14 then k % 20 - 14 else 0 end as base, greatest(k % 20 - 14, 0)::int as step from generate_series(lo, hi - 1) k offset 0) k offset 0),
  clocked as materialized (
    select k.k, k.base, k.step, testdata.moment(k.base_u, begun, span.shape) as base_at, testdata.moment(k.own_u, begun, span.shape) as own_at from keys k offset 0),
  dated as materialized (
    select c.k, case when m.member then c.base else c.k end as origin, m.member and c.k % 20 >= 14 as in_series, case when m.member then m.at else date_trunc('milliseconds', begun + (c.own_at - begun) * share) end as at
    from clocked c, lateral (select f.first_at + c.step * interval '1 month' as at, f.first_at + c.step * interval '1 month' < last as member from (select date_trunc('milliseconds', begun + (c.base_at - begun) * share) as first_at) f) m offset 0),
  draws as materialized (
    select d.*, testdata.unit(seed, 86111, d.origin) as u_guest, testdata.pick_weighted(testdata.unit(seed, 86112, d.origin), '{0.62,0.69,0.74,0.77,0.81,0.83,0.88,0.91,0.94,1}') as coin, testdata.unit(seed, 86113, d.origin) as u_round, testdata.unit(seed, 86114, d.origin) as u_amount,
      case when d.at > staffed then testdata.unit(seed, 86115, d.k) else 0.13 + 0.87 * testdata.unit(seed, 86115, d.k) end as u_status, testdata.unit(seed, 86116, d.k) as u1, testdata.unit(seed, 86117, d.k) as u2,
      not d.in_series and d.at > staffed and testdata.chance(seed, 86118, d.k, 0.008) as is_large,
      least(greatest(20, floor((testdata.spread(seed, 86110, d.origin, greatest(total, d.origin + 1)) - 0.02) * people)::bigint) - 1,
        (testdata.zipf(testdata.unit(seed, 86119, d.origin), greatest(2, people / 10), 1.2) - 1) * 10 + testdata.int_between(seed, 86120, d.origin, 0, 9)) as wanted
    from dated d offset 0),
  given as materialized (
    select d.*, e.n as donor_n, e.id as donor_id, networks[d.coin] as chain, coins[d.coin] as currency, testdata.rate(coins[d.coin], seed, d.at) as rate,
      case when d.is_large then (3000 + floor(9000 * d.u_amount * d.u_amount))::numeric
        when d.u_round < 0.72 then (array[5, 10, 10, 20, 25, 25, 25, 50, 50, 100, 100, 250, 500])[1 + floor(d.u_amount * 13)::int]::numeric
        else round(least(2500, 1 + testdata.lognormal(d.u_amount, 30, 0.9))::numeric, 2) end as wish
    from draws d left join testdata.entities e on d.u_guest >= 0.12 and e.seed = donations_of.seed and e.kind = 'user' and e.n = d.wanted and e.at < d.at
      and not exists (select from core.users w where w.id = e.id and w.status in ('invited', 'erased')) offset 0),
  judged as materialized (
    select g.*, case when g.currency = 'USD' then null else round(g.wish / g.rate, case g.chain when 'stellar' then 7 else case when g.currency like 'USDC%' then 6 else 8 end end) end as crypto,
      case when g.k % 5000 = 137 and g.at > staffed then 'hit' when g.in_series then case when g.u_status < 0.5 then 'confirmed' else 'reconciled' end
        when g.is_large and g.donor_id is null then case when g.u_status < 0.5 then 'waiting' when g.u_status < 0.7 then 'refused' else 'passed' end
        when g.u_status < 0.02 then 'created' when g.u_status < 0.05 then 'pending' when g.u_status < 0.09 then 'failed' when g.u_status < 0.097 then 'flagged' when g.u_status < 0.100 then 'rejected'
        when g.u_status < 0.106 and g.donor_id is null then 'released' when g.u_status < 0.13 then 'refunded' when g.u_status < 0.56 then 'confirmed' else 'reconciled' end as outcome from given g offset 0),
  timed as materialized (
    select j.*, i.pending_at, b.height, case when i.seconds is null then i.pending_at else 'epoch'::timestamptz + b.height * i.seconds * interval '1 second' end as block_at, i.seconds, case j.chain when 'fiat' then 1 else c.required_confirmations end as required,
      date_trunc('milliseconds', case when i.seconds is null then i.pending_at + interval '2 seconds' else 'epoch'::timestamptz + (b.height + c.required_confirmations - 1) * i.seconds * interval '1 second' + interval '300 milliseconds' end) as settled_at
    from judged j join core.chains c on c.code = j.chain,
      lateral (select j.at + date_trunc('milliseconds', interval '10 seconds' + interval '50 seconds' * j.u1) as pending_at, testdata.block_seconds(j.chain) as seconds) i, lateral (select floor(extract(epoch from i.pending_at) / i.seconds)::bigint + 1 as height) b offset 0),
  walked as materialized (
    select t.*, case t.outcome when 'created' then '{created}' when 'pending' then '{created,pending}' when 'failed' then '{created,failed}' when 'hit' then '{created,pending,flagged}' when 'flagged' then '{created,pending,flagged}'
        when 'rejected' then '{created,pending,flagged,failed}' when 'released' then '{created,pending,flagged,confirmed}' when 'waiting' then '{created,pending,kyc_required}' when 'refused' then '{created,pending,kyc_required,flagged}'
        when 'passed' then '{created,pending,kyc_required,pending,confirmed}' when 'confirmed' then '{created,pending,confirmed}' when 'reconciled' then '{created,pending,confirmed,reconciled}' else '{created,pending,confirmed,refunded}' end::text[] as path,
      t.outcome not in ('created', 'pending', 'failed') as is_deep, date_trunc('milliseconds', t.settled_at + (ended - t.settled_at) * (0.03 + 0.3 * t.u2)) as later
    from timed t offset 0)
  select w.k, testdata.uid(seed, 101, w.k, testdata.ms(w.at)), w.donor_n, w.donor_id, w.origin, w.at, w.chain, w.currency, case when w.crypto is null then w.wish else round(w.crypto * w.rate, 2) end, w.crypto, w.rate, w.outcome, w.path,
    (case w.outcome when 'failed' then array[w.at, w.at + least(interval '49 hours', date_trunc('milliseconds', (ended - w.at) * 0.9))] else array[w.at, w.pending_at, w.settled_at, w.later, w.later + interval '1 second'] end)[1:cardinality(w.path)],
    case when w.is_deep then w.settled_at end, case when w.is_deep then w.height end, case when w.is_deep and w.height is not null then w.block_at end,
    case when not w.is_deep then 0 when w.seconds is null then w.required else (floor(extract(epoch from ended) / w.seconds)::bigint - w.height + 1)::int end, w.required, case when w.in_series then w.k / 20 end
  from walked w;
end $$;

create function testdata.gen_donations(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  begun constant timestamptz := testdata.window_start();
  given constant text[] := testdata.list('given');
  family constant text[] := testdata.list('family');
  uses constant text[] := testdata.list('use');
  tag constant bigint := testdata.seed_tag(seed);
  deciders constant uuid[] := (select array_agg(e.id order by e.n <> 7, e.n <> 8) from testdata.entities e where e.seed = gen_donations.seed and e.kind = 'user' and e.n in (0, 7, 8));
  funded bigint;
  made bigint;
begin
  perform testdata.require_allowed();
  insert into treasury.funds (id, code, title, kind, goal_usd, purposes, during, created_at, updated_at)
  select testdata.uid(seed, 103, k, testdata.ms(begun)), 'testdata-' || tag || '-' || k, 'Project ' || initcap(testdata.pick(seed, 86130, k, uses)) || ' ' || k, 'restricted', 5000 * (k + 1), '{material}',
    tstzrange(begun - interval '30 days', null), begun, begun from generate_series(0, 3) k
  on conflict do nothing;
  get diagnostics funded = row_count;
  with plan as materialized (
    select d.*, testdata.unit(seed, 86131, d.n) as u_hidden, testdata.unit(seed, 86132, d.n) as u_goods, testdata.unit(seed, 86133, d.origin) as u_fund, testdata.pick(seed, 86134, d.origin, given) || ' ' || testdata.pick(seed, 86135, d.origin, family) as guest,
      testdata.uid(seed, 102, d.n, testdata.ms(d.times[least(3, cardinality(d.times))])) as case_id, array_remove(deciders, d.donor_id) as judges
    from testdata.donations_of(seed, lo, hi, sf) d offset 0),
  gifts as (
    insert into core.donations (id, donor_id, donor_name, donor_email, is_anonymous, chain, currency, amount_crypto, amount_usd, fmv_rate, fmv_rate_at, fee_usd, refunded_usd, txid, from_address, to_wallet_id, payment_ref, fund_code, status, confirmations, required_confirmations,
      aml_score, ofac_hit, kyc_id, goods_value_usd, benefit, confirmed_at, refunded_at, recurring_key, metadata, created_at, updated_at)
    select p.id, p.donor_id, case when p.u_hidden >= 0.03 then coalesce(u.display_name, p.guest) end, case when p.donor_id is null then testdata.mail('guest-' || tag || '-' || p.origin, p.origin)::text else u.email::text end, p.u_hidden < 0.03, p.chain, p.currency, p.crypto, p.usd,
      p.rate, p.at, case when p.settled_at is not null and p.chain = 'fiat' then round(p.usd * 0.022 + 0.3, 2) else 0 end, case when p.outcome = 'refunded' then p.usd else 0 end, case when p.crypto is not null and p.outcome not in ('created', 'failed') then testdata.txid(p.chain, seed, p.n) end,
      case when p.crypto is not null and p.chain <> 'custodial' then testdata.address(p.chain, seed, coalesce(1000000000 + p.donor_n, 2000000000 + p.origin), false) end, case when p.crypto is not null then w.id end, 'testdata-' || tag || '-' || p.n,
      (array['general', 'general', 'general', 'movement', 'microfactory', 'scholarship', 'testdata-' || tag || '-' || p.origin % 4])[1 + floor(p.u_fund * 7)::int], p.path[cardinality(p.path)], p.confirmations, p.required,
      case when p.outcome = 'hit' then 95 when p.outcome in ('flagged', 'rejected', 'released') then 75 + (p.u_goods * 20)::int when p.settled_at is not null then (p.u_goods * 60)::int end, p.outcome = 'hit',
      case when p.outcome in ('hit', 'flagged', 'rejected', 'released', 'waiting', 'refused', 'passed') then p.case_id end, case when p.u_goods < 0.06 then round(p.usd * (0.1 + 5 * p.u_goods)::numeric, 2) else 0 end,
      case when p.u_goods > 0.9 then jsonb_build_object('outcome', 'hinges_made', 'project', testdata.pick(seed, 86136, p.origin, uses), 'units', 1 + (p.usd / 10)::int) else '{}' end, case when 'confirmed' = any (p.path) then p.times[array_position(p.path, 'confirmed')] end,
      case when p.outcome = 'refunded' then p.times[4] end, 'testdata-' || tag || '-' || p.series, '{"testdata": true}', p.at, p.times[cardinality(p.times)]
    from plan p left join core.users u on u.id = p.donor_id left join testdata.entities w on w.seed = gen_donations.seed and w.kind = 'wallet' and w.n = array_position('{bitcoin,ethereum,solana,stellar,polygon,custodial,fiat}', p.chain) - 1
    order by p.n returning 1),
  cases as (
    insert into core.kyc (id, user_id, donation_id, subject_key, provider, provider_ref, level, trigger_reason, status, requested_at, proposed_verdict, proposed_by, proposed_at, decided_at, decided_by, valid_during, result, result_sha256, rejection_code, retention_until, metadata, created_at, updated_at)
    select p.case_id, p.donor_id, p.id, case when p.outcome in ('waiting', 'refused', 'passed') then core.kyc_subject(null, null, testdata.mail('guest-' || tag || '-' || p.origin, p.origin), p.id) else 'donation:' || p.id end, 'probe-id', case when c.status <> 'requested' then 'td-' || tag || '-g' || p.n end,
      case when p.outcome in ('waiting', 'refused', 'passed') and p.usd < 10000 then 'basic' else 'enhanced' end, case p.outcome when 'hit' then 'ofac' when 'waiting' then 'threshold' when 'refused' then 'threshold' when 'passed' then 'threshold' else 'aml' end, c.status, p.times[3],
      c.verdict, case when c.verdict is not null then p.judges[2] end, case when c.verdict is not null then p.times[3] + interval '100 milliseconds' end, c.decided_at, case when c.decided_at is not null then p.judges[1] end,
      case when c.status = 'approved' then tstzrange(c.decided_at, c.decided_at + interval '24 months') end, r.result, sha256(convert_to(r.result::text, 'UTF8')), case when c.verdict = 'rejected' then 'document_unreadable' end, c.decided_at + interval '5 years', '{"testdata": true}', p.times[3], coalesce(c.decided_at, p.times[3] + interval '50 milliseconds')
    from plan p, lateral (select case p.outcome when 'waiting' then 'requested' when 'passed' then 'approved' when 'released' then 'approved' when 'refused' then 'rejected' when 'rejected' then 'rejected' else 'in_review' end as status,
        case when p.outcome in ('passed', 'released') then 'approved' when p.outcome in ('refused', 'rejected') then 'rejected' end as verdict, case when p.outcome in ('passed', 'released', 'refused', 'rejected') then p.times[4] - interval '1 millisecond' end as decided_at) c,
      lateral (select case when c.status <> 'requested' then jsonb_build_object('flags', case when p.outcome = 'hit' then '["sanctions"]' else '[]' end::jsonb, 'score', (p.u_goods * 100)::int) end as result) r
    where p.outcome in ('hit', 'flagged', 'rejected', 'released', 'waiting', 'refused', 'passed') order by p.n returning 1),
  keys as (
    insert into testdata.entities (seed, kind, n, id, at) select seed, 'donation', p.n, p.id, p.at from plan p order by p.n returning 1)
  select count(*) + (select count(*) from cases) + (select count(*) from keys) into made from gifts;
  return funded + made + testdata.write_history('donation', format('select d.id, d.path, d.times, null::uuid from testdata.donations_of(%s, %s, %s, %s) d', seed, lo, hi, sf))
    + testdata.write_history('kyc', format($q$
      select testdata.uid(%1$s, 102, d.n, testdata.ms(d.times[3])), case when d.outcome in ('passed', 'released') then '{requested,submitted,in_review,approved}' when d.outcome in ('refused', 'rejected') then '{requested,submitted,in_review,rejected}' else '{requested,submitted,in_review}' end::text[],
        array[d.times[3], d.times[3] + interval '20 milliseconds', d.times[3] + interval '50 milliseconds', d.times[4] - interval '1 millisecond'], null::uuid
      from testdata.donations_of(%1$s, %2$s, %3$s, %4$s) d where d.outcome in ('hit', 'flagged', 'rejected', 'released', 'refused', 'passed') $q$, seed, lo, hi, sf));
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values
  ('gen_donations', '{core.donations,core.kyc,treasury.funds,core.status_changes,testdata.entities}', '{gen_wallets}', 200000, 5000, 100);

comment on function testdata.rate(double precision, int, bigint, bigint) is 'A rate around base: a slow wave of its phase and the mood of a day.';
comment on function testdata.rate(text, bigint, timestamptz) is 'USD for one unit of a currency on a day of a seed; stable coins are worth 1.';
comment on function testdata.block_seconds is 'Time between blocks of a chain, null where there are none. Block h of the test data is mined h times that after 1970.';
comment on function testdata.donations_of is 'What decides about the gifts of a range: donor, amounts, rate, outcome with its path and times, block. origin is the first key of a standing order. Every column is a function of (seed, n, sf) and the users.';
comment on function testdata.gen_donations is 'Makes core.donations, the cases of those that were flagged or wait, four project funds, the log of statuses and the entities donation.';

-- verify
set local testdata.allow = on;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes') >= 0, core.load_key('user.email', decode(repeat('61', 32), 'hex')) > 0;
select testdata.gen_users(42861, 0, 60, 0.0006) > 0, testdata.gen_wallets(42861, 0, 7, 0.0006) > 0;
create temporary view pg_temp.made_0861 as select e.n, d.* from testdata.entities e join core.donations d using (id) where e.seed = 42861 and e.kind = 'donation';
create temporary view pg_temp.digest_0861 as select (select sum(hashtextextended(m::text, 0)) from pg_temp.made_0861 m) || ' ' || (select sum(hashtextextended(k::text, 0)) from core.kyc k join pg_temp.made_0861 m on m.id = k.donation_id) as digest;
do $verify$
declare
  halves text;
begin
  perform testdata.gen_donations(42861, 60, 120, 0.0006) + testdata.gen_donations(42861, 0, 60, 0.0006);
  select digest into halves from pg_temp.digest_0861;
  raise exception using errcode = 'P0861';
exception when sqlstate 'P0861' then
  perform set_config('probe.halves', halves, true);
end $verify$;
select testdata.gen_donations(42861, 0, 120, 0.0006) > 400;
select digest = current_setting('probe.halves') from pg_temp.digest_0861;
select testdata.gen_donations(42861, 120, 140, 0.0006) > 0, testdata.gen_donations(42861, 5137, 5138, 0.03) > 0;
select count(*) = 141, bool_and(testdata.is_test_id(id) and core.uuid_time(id) = created_at), bool_and(updated_at >= created_at and updated_at <= testdata.window_end()), count(distinct chain) >= 5, count(*) filter (where donor_id is null) between 10 and 80,
  bool_and((confirmed_at is not null) <= (confirmations >= required_confirmations)), bool_and((confirmations >= required_confirmations) <= (confirmed_at is not null or kyc_id is not null)), bool_and(amount_crypto is null or amount_usd = round(amount_crypto * fmv_rate, 2)),
  bool_and(amount_crypto is null or to_wallet_id is not null), count(distinct fund_code) > 4, count(*) filter (where recurring_key is not null) > 8, bool_and((status = 'refunded') = (refunded_usd = amount_usd and refunded_at is not null)), count(*) filter (where fund_code like 'testdata-%') > 3 from pg_temp.made_0861;
select count(*) = 2, bool_and(status = 'flagged' and aml_score = 95) from pg_temp.made_0861 where ofac_hit;
select bool_and(created_at = begun + step * interval '1 month' and amount_usd is not null), count(*) filter (where step > 0) > 5 from (select recurring_key, created_at, first_value(created_at) over w as begun, row_number() over w - 1 as step, amount_usd from pg_temp.made_0861 where recurring_key is not null window w as (partition by recurring_key order by created_at)) s;
create temporary table many_0861 as select d.* from testdata.donations_of(42861, 0, 1500, 0.0075) d;
select count(*) = 1500, count(*) filter (where usd % 5 = 0 and chain = 'fiat')::numeric / count(*) filter (where chain = 'fiat') between 0.60 and 0.80, bool_and(testdata.window_start() <= at and times[cardinality(times)] <= testdata.window_end()), bool_and(cardinality(times) = cardinality(path)), count(distinct outcome) >= 10,
  bool_and(times = (select array_agg(t order by t) from unnest(times) t)) from many_0861;
select bool_and(exists (select from core.state_transitions t where t.machine = 'donation' and t.from_status = p.path[k - 1] and t.to_status = p.path[k])) from (select distinct path from many_0861) p, generate_series(2, cardinality(p.path)) k;
select sum(usd) filter (where place <= 4) > 0.25 * sum(usd) from (select sum(usd) as usd, row_number() over (order by sum(usd) desc) as place from many_0861 where donor_id is not null group by donor_id) s;
select bool_and(k.decided_by is distinct from k.user_id and k.decided_by is distinct from k.proposed_by or k.decided_by is null), bool_and(case when d.status = 'confirmed' then k.status = 'approved' and k.valid_during @> d.confirmed_at else k.status <> 'approved' end), count(*) >= 1 from core.kyc k join pg_temp.made_0861 d on d.kyc_id = k.id and d.id = k.donation_id;
select bool_and(d.status = (select s.to_status from core.status_changes s where s.entity_id = d.id order by s.occurred_at desc limit 1)) from pg_temp.made_0861 d where d.status <> 'created';
select count(*) = 0 from core.kyc k join pg_temp.made_0861 d on d.kyc_id = k.id where k.status <> 'requested' and k.status is distinct from (select s.to_status from core.status_changes s where s.entity_id = k.id order by s.occurred_at desc limit 1);
select testdata.rate('USDC-solana', 1, now()) = 1, testdata.rate('BTC', 1, '2026-08-01 01:00+00') = testdata.rate('BTC-custodial', 1, '2026-08-01 23:00+00'), testdata.rate('BTC', 1, '2026-08-01') between 45000 and 90000, testdata.block_seconds('fiat') is null, testdata.block_seconds('bitcoin') = 600;
set local testdata.allow = off;
select blueprint.raises('select testdata.gen_donations(42861, 0, 10, 0.001)', '42501', 'not allowed');
select count(*) = 1, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name = 'gen_donations' and after = '{gen_wallets}';

-- revert
delete from testdata.generators where name = 'gen_donations';
drop function testdata.gen_donations;
drop function testdata.donations_of;
drop function testdata.block_seconds;
drop function testdata.rate(text, bigint, timestamptz);
drop function testdata.rate(double precision, int, bigint, bigint);

-- task: BUILD_0863 create_test_data drill
-- title: Generate core.transactions with chain clocks, replacements, fees and balances never below zero
-- does: One incoming of the same id and amount per crypto gift that was sent; of settled ones every fifth is swept to the hot wallet, half of that paid out or exchanged later; fees of custodians, refunds with their rows
--   of core.refunds, dust, and an opening per wallet that pays the network's fees: each outgoing amount was received before, so no balance goes below zero. Blocks are mined by the clock of their chain, confirmations are
--   tip - height + 1; one in fifty replaces another, one in 200 was orphaned and came back. movements_of() tells the whole plan.
-- proves: negative_wallets() names none of them, height order is time order, each confirmed crypto gift has one confirmed incoming of its amount, the replaced have successors, halves equal the whole, gifts stay untouched.
-- needs: BUILD_0709, BUILD_0719, BUILD_0724, BUILD_0861
create function testdata.movements_of(seed bigint, lo bigint, hi bigint, sf numeric)
  returns table (n bigint, slot int, id uuid, wallet_n bigint, donation_id uuid, kind text, chain text, currency text, amount numeric, fee numeric, usd numeric, tx bigint, block_height bigint, block_at timestamptz, confirmations int, status text,
    replaces_id uuid, metadata jsonb, path text[], times timestamptz[])
  language plpgsql stable set search_path = '' rows 10000
as $$
#variable_conflict use_variable
declare
  ended constant timestamptz := testdata.window_end();
  begun constant timestamptz := testdata.window_start();
  networks constant text[] := '{bitcoin,ethereum,solana,stellar,polygon,custodial}';
  natives constant text[] := '{BTC,ETH,SOL,XLM,POL}';
  floats constant numeric[] := '{2,20,20,500,500}';
begin
  return query
  with gifts as materialized (
    select d.*, array_position(networks, d.chain) as place, d.times[2] as sent_at, testdata.block_seconds(d.chain) as seconds, d.outcome in ('confirmed', 'reconciled') and d.n % 5 = 0 as is_swept, testdata.unit(seed, 86301, d.n) as u1,
      d.settled_at is not null and d.chain in ('bitcoin', 'ethereum', 'polygon') and testdata.chance(seed, 86302, d.n, 0.02) as is_successor, d.settled_at is not null and d.chain <> 'custodial' and testdata.chance(seed, 86303, d.n, 0.005) as came_back
    from testdata.donations_of(seed, lo, hi, sf) d where d.crypto is not null and d.outcome not in ('created', 'failed') offset 0),
  plans as materialized (
    select g.n, s.slot, g.place, g.chain, g.currency, g.rate, s.kind, s.wallet, s.donation_id, s.amount, s.tx, s.at, g.seconds, s.status, s.metadata, s.replaces, g.came_back and s.slot = 104 as came_back
    from gifts g, lateral (values
      (104, 'incoming', 0, g.id, g.crypto, g.n, g.sent_at, case when g.settled_at is null then 'seen' else 'confirmed' end, case when g.came_back then '{"reorganised": true}' else '{}' end::jsonb,
        case when g.is_successor then testdata.uid(seed, 105, g.n, testdata.ms(g.sent_at - interval '8 seconds')) end, true),
      (105, 'incoming', 0, null, g.crypto, g.n + 1000000000, g.sent_at - interval '8 seconds', 'replaced', jsonb_build_object('replaced_by', testdata.uid(seed, 104, g.n, testdata.ms(g.sent_at)), 'donation_id', g.id, 'double_spend', false), null, g.is_successor),
      (106, 'sweep', 0, null, trunc(g.crypto * 0.9, 6), g.n + 2000000000, g.settled_at + (ended - g.settled_at) * (0.1 + 0.3 * g.u1), 'confirmed', '{}', null, g.is_swept),
      (107, 'incoming', 7, null, trunc(g.crypto * 0.9, 6), g.n + 2000000000, g.settled_at + (ended - g.settled_at) * (0.1 + 0.3 * g.u1), 'confirmed', '{"internal": true}', null, g.is_swept),
      (108, case when g.n % 10 = 0 then 'outgoing' else 'exchange' end, 7, null, trunc(g.crypto * 0.45, 6), g.n + 3000000000, g.settled_at + (ended - g.settled_at) * (0.6 + 0.3 * g.u1), 'confirmed', '{}', null, g.is_swept),
      (109, 'refund', 0, g.id, g.crypto, g.n + 4000000000, g.times[4], 'confirmed', '{}', null, g.outcome = 'refunded'),
      (111, 'incoming', 0, null, 0.000002, g.n + 5000000000, g.sent_at, 'confirmed', '{"dust": true}', null, g.settled_at is not null and g.currency = any (natives) and g.n % 97 = 0),
      (113, 'fee', 0, null, greatest(0.000001, round(g.crypto * 0.01, 6)), g.n + 6000000000, g.settled_at + interval '1 hour', 'confirmed', '{}', null, g.chain = 'custodial' and g.outcome in ('confirmed', 'reconciled') and g.n % 3 = 1 and g.n % 5 > 0)
    ) s(slot, kind, wallet, donation_id, amount, tx, at, status, metadata, replaces, is_there) where s.is_there
    union all
    select k, 112, 1 + k % 5, networks[1 + k % 5], natives[1 + k % 5], testdata.rate(natives[1 + k % 5], seed, begun), 'incoming', k / 5 * 7, null, floats[1 + k % 5] * greatest(1, ceil(sf)), k + 7000000000, begun - interval '1 hour', testdata.block_seconds(networks[1 + k % 5]), 'confirmed', '{"opening": true}', null, false
    from generate_series(0, 9) k where lo = 0),
  mined as materialized (
    select p.*, date_trunc('milliseconds', p.at) as seen_at, floor(extract(epoch from p.at) / p.seconds)::bigint + 1 as height, c.required_confirmations as required,
      case p.chain when 'bitcoin' then 0.00002 when 'ethereum' then 0.0004 when 'solana' then 0.000005 when 'stellar' then 0.00001 when 'polygon' then 0.002 else 0 end as network_fee
    from plans p join core.chains c on c.code = p.chain offset 0),
  settled as materialized (
    select m.*, m.status not in ('seen', 'replaced') as is_deep, date_trunc('milliseconds', coalesce('epoch'::timestamptz + m.height * m.seconds * interval '1 second', m.seen_at + interval '1 second')) as mined_at,
      date_trunc('milliseconds', coalesce('epoch'::timestamptz + (m.height + m.required - 1) * m.seconds * interval '1 second' + interval '300 milliseconds', m.seen_at + interval '2 seconds')) as deep_at,
      case when m.status = 'seen' then '{seen}' when m.status = 'replaced' then '{seen,replaced}' when m.came_back then '{seen,confirming,orphaned,seen,confirming,confirmed}' else '{seen,confirming,confirmed}' end::text[] as way from mined m offset 0)
  select s.n, s.slot, testdata.uid(seed, s.slot, s.n, testdata.ms(s.seen_at)), s.place - 1 + s.wallet::bigint, s.donation_id, s.kind, s.chain, s.currency, s.amount, case when s.kind = 'incoming' then 0 else s.network_fee end, round(s.amount * s.rate, 2), s.tx,
    case when s.is_deep then s.height end, case when s.is_deep then s.mined_at end, case when not s.is_deep then 0 when s.seconds is null then 1 else (floor(extract(epoch from ended) / s.seconds)::bigint - s.height + 1)::int end, s.status, s.replaces, s.metadata, s.way,
    case cardinality(s.way) when 1 then array[s.seen_at] when 2 then array[s.seen_at, s.seen_at + interval '9 seconds'] when 3 then array[s.seen_at, s.mined_at, s.deep_at]
      else array(select date_trunc('milliseconds', s.seen_at + (s.deep_at - s.seen_at) * (i / 5.0)) from generate_series(0, 5) i order by i) end
  from settled s;
end $$;

create function testdata.gen_transactions(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  finance constant uuid := (select e.id from testdata.entities e where e.seed = gen_transactions.seed and e.kind = 'user' and e.n = 5);
  made bigint;
begin
  perform testdata.require_allowed();
  with plan as materialized (
    select m.*, w.id as wallet_id, testdata.txid(m.chain, seed, m.tx) as txid from testdata.movements_of(seed, lo, hi, sf) m join testdata.entities w on w.seed = gen_transactions.seed and w.kind = 'wallet' and w.n = m.wallet_n offset 0),
  rows as (
    insert into core.transactions (id, wallet_id, donation_id, kind, chain, currency, amount_crypto, fee_crypto, amount_usd, txid, log_index, block_height, block_hash, block_at, confirmations, status, counterparty_address, replaces_id, raw, metadata, created_at, updated_at)
    select p.id, p.wallet_id, p.donation_id, p.kind, p.chain, p.currency, p.amount, p.fee, p.usd, p.txid, 0, p.block_height, case when p.block_at is not null then encode(sha256(convert_to(concat_ws(':', 'block', p.chain, p.block_height), 'UTF8')), 'hex') end, p.block_at, p.confirmations, p.status,
      case when p.slot in (104, 105, 109) then d.from_address when p.slot in (106, 107) then testdata.address(p.chain, seed, p.wallet_n + case p.slot when 106 then 7 else -7 end, false) else testdata.address(p.chain, seed, 3000000000 + p.n % 50, false) end, p.replaces_id,
      case when p.chain = 'bitcoin' then jsonb_build_object('txid', p.txid, 'vout', 0, 'value', (p.amount * 100000000)::bigint) when p.chain in ('ethereum', 'polygon') then jsonb_build_object('hash', p.txid, 'blockNumber', p.block_height, 'gasUsed', 21000 + p.n % 40000)
        when p.chain = 'custodial' then jsonb_build_object('transfer', p.txid, 'state', 'completed') else jsonb_strip_nulls(jsonb_build_object('signature', p.txid, 'memo', d.payment_ref)) end, p.metadata || '{"testdata": true}', p.times[1], p.times[cardinality(p.times)]
    from plan p left join core.donations d on d.id = coalesce(p.donation_id, (p.metadata ->> 'donation_id')::uuid) order by p.n, p.slot returning 1),
  given_back as (
    insert into core.refunds (id, donation_id, amount_usd, amount_crypto, to_address, reason, transaction_id, requested_by, created_at)
    select testdata.uid(seed, 110, g.n, testdata.ms(g.times[4])), g.id, g.usd, g.crypto, coalesce(d.from_address, 'card 4242'), 'test data', p.id, finance, g.times[4]
    from testdata.donations_of(seed, lo, hi, sf) g join core.donations d on d.id = g.id left join plan p on p.slot = 109 and p.n = g.n where g.outcome = 'refunded' order by g.n returning 1)
  select count(*) + (select count(*) from given_back) into made from rows;
  return made + testdata.write_history('transaction', format('select m.id, m.path, m.times, null::uuid from testdata.movements_of(%s, %s, %s, %s) m where cardinality(m.path) > 1', seed, lo, hi, sf));
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values ('gen_transactions', '{core.transactions,core.refunds,core.status_changes}', '{gen_donations}', 200000, 5000, 100);

comment on function testdata.movements_of is 'What decides about the movements that the gifts of a range bring: slot is the kind of uid(), wallet_n the organisation''s wallet, tx the key of the transaction id.';
comment on function testdata.gen_transactions is 'Makes core.transactions and core.refunds of the gifts numbered [lo, hi), and with key 0 the openings; the log of statuses with them.';

-- verify
set local testdata.allow = on;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes') >= 0, core.load_key('user.email', decode(repeat('63', 32), 'hex')) > 0;
select testdata.gen_users(42863, 0, 60, 0.0006) > 0, testdata.gen_wallets(42863, 0, 14, 0.0006) > 0, testdata.gen_donations(42863, 0, 130, 0.0007) > 0;
create temporary view pg_temp.ours_0863 as select t.* from testdata.entities e join core.transactions t on t.wallet_id = e.id where e.seed = 42863 and e.kind = 'wallet';
create temporary table gifts_0863 as select d.* from testdata.entities e join core.donations d using (id) where e.seed = 42863 and e.kind = 'donation';
create temporary view pg_temp.digest_0863 as select (select sum(hashtextextended(t::text, 0)) from pg_temp.ours_0863 t) || ' ' || (select sum(hashtextextended(r::text, 0)) from core.refunds r join gifts_0863 g on g.id = r.donation_id) as digest;
do $verify$
declare
  halves text;
begin
  perform testdata.gen_transactions(42863, 60, 130, 0.0007) + testdata.gen_transactions(42863, 0, 60, 0.0007);
  select digest into halves from pg_temp.digest_0863;
  raise exception using errcode = 'P0863';
exception when sqlstate 'P0863' then
  perform set_config('probe.halves', halves, true);
end $verify$;
select testdata.gen_transactions(42863, 0, 130, 0.0007) > 100;
select digest = current_setting('probe.halves') from pg_temp.digest_0863;
select count(*) = 0 from core.negative_wallets() w join testdata.entities e on e.id = w.wallet_id where e.seed = 42863;
select count(*) = 0 from (select block_height, lag(block_height) over (partition by chain order by block_at, block_height) as before from pg_temp.ours_0863 where block_at is not null) h where block_height < before;
select count(*) > 30, bool_and((select count(*) = 1 from core.transactions t where t.donation_id = g.id and t.kind = 'incoming' and t.status = 'confirmed' and t.amount_crypto = g.amount_crypto and t.currency = g.currency and t.txid = g.txid and t.confirmations = g.confirmations))
from gifts_0863 g where g.status in ('confirmed', 'reconciled', 'refunded') and g.amount_crypto is not null;
select count(*) = 0 from gifts_0863 g join core.donations d using (id) where g::text <> d::text;
select bool_and(exists (select from core.transactions s where s.replaces_id = t.id and s.amount_crypto = t.amount_crypto)) is not false from pg_temp.ours_0863 t where t.status = 'replaced';
create temporary table many_0863 as select * from testdata.movements_of(42863, 0, 1400, 0.007);
select count(*) filter (where slot = 105) > 0, count(*) filter (where cardinality(path) = 6) > 0, bool_and(times = (select array_agg(t order by t) from unnest(times) t) and times[cardinality(times)] <= testdata.window_end()), count(distinct slot) = 9, bool_and(path[cardinality(path)] = status)
from many_0863;
select bool_and(exists (select from core.state_transitions t where t.machine = 'transaction' and t.from_status = p.path[k - 1] and t.to_status = p.path[k])) from (select distinct path from many_0863) p, generate_series(2, cardinality(p.path)) k;
select count(*) filter (where kind = 'sweep') > 5, count(*) filter (where kind in ('outgoing', 'exchange')) > 5, count(*) filter (where kind = 'incoming' and metadata ? 'opening') = 10, bool_and(raw <> '{}'), bool_and(testdata.is_test_id(id)), bool_and(status = 'seen' or updated_at > created_at), bool_and(counterparty_address is not null or chain = 'custodial') from pg_temp.ours_0863;
select count(*) > 0, bool_and(r.amount_usd = g.amount_usd and (r.transaction_id is not null) = (g.amount_crypto is not null)) from gifts_0863 g left join core.refunds r on r.donation_id = g.id where g.status = 'refunded';
select count(*) = 0 from pg_temp.ours_0863 t where t.status <> 'seen' and t.status is distinct from (select s.to_status from core.status_changes s where s.entity_id = t.id order by s.occurred_at desc limit 1);
set local testdata.allow = off;
select blueprint.raises('select testdata.gen_transactions(42863, 0, 10, 0.001)', '42501', 'not allowed');
select count(*) = 1, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name = 'gen_transactions' and after = '{gen_donations}';

-- revert
delete from testdata.generators where name = 'gen_transactions';
drop function testdata.gen_transactions;
drop function testdata.movements_of;

-- task: BUILD_0865 create_test_data drill
-- title: Generate core.kyc cases exactly where thresholds demand them, with four eyes and expiry
-- does: A case for each donor with an account whose gifts of twelve months reach core.threshold('kyc_gate') or ('aml_enhanced') of that day, decided before the gift that crossed it, by compliance and never the subject, valid
--   24 months; one in five has a lapsed case before, one in ten a refused first try with its code, and who lapses soon a periodic one. Results hold flags only. Guests and flagged gifts have theirs from gen_donations.
-- proves: no gift above its threshold is confirmed without a case valid then, donors below it have none, approvals of a level do not overlap, two pairs of eyes, results are minimal, lapsed ones ended in the window.
-- needs: BUILD_0744, BUILD_0748, BUILD_0861
create function testdata.cases_of(seed bigint, lo bigint, hi bigint, sf numeric)
  returns table (n bigint, slot int, user_id uuid, level text, crossed_at timestamptz, status text, requested_at timestamptz, decided_at timestamptz, valid_until timestamptz, path text[], times timestamptz[])
  language plpgsql stable set search_path = ''
as $$
#variable_conflict use_variable
declare
  ended constant timestamptz := testdata.window_end();
  staffed constant timestamptz := (select max(e.at) from testdata.entities e where e.seed = cases_of.seed and e.kind = 'user' and e.n in (0, 7, 8));
begin
  return query
  with sums as (
    select e.n, e.id, e.at, d.created_at, sum(d.amount_usd) over (partition by e.n order by d.created_at range between interval '12 months' preceding and current row) as total
    from testdata.entities e join core.donations d on d.donor_id = e.id
    where e.seed = cases_of.seed and e.kind = 'user' and e.n >= lo and e.n < hi and d.status in ('confirmed', 'reconciled', 'refunded')),
  firsts as (
    select s.n, s.id, s.at, min(s.created_at) filter (where s.total >= gate.amount_usd) as basic_at, min(s.created_at) filter (where s.total >= enhanced.amount_usd) as enhanced_at
    from sums s join core.compliance_thresholds gate on gate.rule = 'kyc_gate' and gate.jurisdiction = 'US' and gate.effective @> s.created_at join core.compliance_thresholds enhanced on enhanced.rule = 'aml_enhanced' and enhanced.jurisdiction = 'US' and enhanced.effective @> s.created_at
    group by s.n, s.id, s.at),
  crossings as materialized (
    select f.n, f.id, b.at, c.slot, c.level, c.crossed_at, date_trunc('milliseconds', b.at + (c.crossed_at - b.at) * 0.9) as decided_at, testdata.unit(seed, 86501, f.n) as u_before
    from firsts f, lateral (values (0, 'basic', case when f.enhanced_at is distinct from f.basic_at then f.basic_at end), (1, 'enhanced', f.enhanced_at)) c(slot, level, crossed_at), lateral (select case when staffed < c.crossed_at then greatest(f.at, staffed) else f.at end as at) b where c.crossed_at is not null offset 0)
  select c.n, c.slot, c.id, c.level, c.crossed_at, 'approved', t.t[1], c.decided_at, c.decided_at + interval '24 months', '{requested,submitted,in_review,approved}'::text[], t.t
  from crossings c, lateral (select array(select date_trunc('milliseconds', c.at + (c.decided_at - c.at) * s) from unnest('{0.8,0.9,0.95,1}'::double precision[]) s order by s) as t) t
  union all
  select c.n, 2, c.id, c.level, c.crossed_at, 'expired', t.t[1], t.t[4], t.t[5], '{requested,submitted,in_review,approved,expired}', t.t
  from crossings c, lateral (select array(select date_trunc('milliseconds', c.at + (c.decided_at - c.at) * s) from unnest('{0.05,0.07,0.08,0.1,0.5}'::double precision[]) s order by s) as t) t where c.u_before < 0.2 and (c.slot = 0 or not exists (select from crossings o where o.n = c.n and o.slot = 0))
  union all
  select c.n, 3, c.id, c.level, c.crossed_at, 'rejected', t.t[1], t.t[4], null, '{requested,submitted,in_review,rejected}', t.t
  from crossings c, lateral (select array(select date_trunc('milliseconds', c.at + (c.decided_at - c.at) * s) from unnest('{0.55,0.6,0.65,0.7}'::double precision[]) s order by s) as t) t where c.u_before > 0.9 and (c.slot = 0 or not exists (select from crossings o where o.n = c.n and o.slot = 0))
  union all
  select c.n, 4 + c.slot, c.id, c.level, c.crossed_at, 'requested', c.decided_at + interval '23 months', null, null, '{requested}', array[c.decided_at + interval '23 months'] from crossings c where c.decided_at + interval '23 months' < ended;
end $$;

create function testdata.gen_kyc(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  tag constant bigint := testdata.seed_tag(seed);
  deciders constant uuid[] := (select array_agg(e.id order by e.n <> 7, e.n <> 8) from testdata.entities e where e.seed = gen_kyc.seed and e.kind = 'user' and e.n in (0, 7, 8));
  made bigint;
begin
  perform testdata.require_allowed();
  insert into core.kyc (id, user_id, subject_key, provider, provider_ref, level, trigger_reason, status, requested_at, proposed_verdict, proposed_by, proposed_at, decided_at, decided_by, valid_during, result, result_sha256, rejection_code, retention_until, metadata, created_at, updated_at)
  select testdata.uid(seed, 114, c.n * 8 + c.slot, testdata.ms(c.requested_at)), c.user_id, 'user:' || c.user_id, 'probe-id', case when c.decided_at is not null then 'td-' || tag || '-u' || c.n || '-' || c.slot end, c.level, case when c.slot > 3 then 'periodic' else 'threshold' end, c.status, c.requested_at,
    case when c.decided_at is not null then case c.status when 'rejected' then 'rejected' else 'approved' end end, case when c.decided_at is not null then j.judges[2] end, case when c.decided_at is not null then c.times[3] end, c.decided_at, case when c.decided_at is not null then j.judges[1] end,
    case when c.valid_until is not null then tstzrange(c.decided_at, c.valid_until) end, r.result, sha256(convert_to(r.result::text, 'UTF8')), case c.status when 'rejected' then (array['document_unreadable', 'document_expired', 'name_mismatch'])[1 + (c.n % 3)::int] end,
    c.decided_at + interval '5 years', '{"testdata": true}', c.requested_at, c.times[cardinality(c.times)]
  from testdata.cases_of(seed, lo, hi, sf) c, lateral (select array_remove(deciders, c.user_id) as judges) j,
    lateral (select case when c.decided_at is not null then jsonb_build_object('flags', case when testdata.chance(seed, 86502, c.n, 0.05) then '["pep"]' else '[]' end::jsonb, 'score', testdata.int_between(seed, 86503, c.n, 0, 40), 'document_type', 'passport', 'age_over_18', true) end as result) r
  order by c.n, c.slot;
  get diagnostics made = row_count;
  return made + testdata.write_history('kyc', format('select testdata.uid(%1$s, 114, c.n * 8 + c.slot, testdata.ms(c.requested_at)), c.path, c.times, null::uuid from testdata.cases_of(%1$s, %2$s, %3$s, %4$s) c where cardinality(c.path) > 1', seed, lo, hi, sf));
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values ('gen_kyc', '{core.kyc,core.status_changes}', '{gen_donations}', 100000, 10000, 20);

comment on function testdata.cases_of is 'What decides about the cases of the donors of a range of users; reads their gifts.';
comment on function testdata.gen_kyc is 'Makes core.kyc of the users numbered [lo, hi), and the log of statuses.';

-- verify
set local testdata.allow = on;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes') >= 0, core.load_key('user.email', decode(repeat('65', 32), 'hex')) > 0;
select testdata.gen_users(42865, 0, 40, 0.0004) > 0, testdata.gen_wallets(42865, 0, 7, 0.0006) > 0, testdata.gen_donations(42865, 0, 80, 0.0005) > 0;
insert into testdata.entities (seed, kind, n, id, at) select 42865, 'user', 1000 + k, testdata.uid(42865, 1, 1000 + k, 0), testdata.window_start() from generate_series(0, 59) k;
insert into core.users (id, handle) select testdata.uid(42865, 1, 1000 + k, 0), 'donor-0865-' || k from generate_series(0, 59) k;
insert into core.donations (donor_id, chain, currency, amount_usd, status, confirmed_at, fmv_rate_at, created_at) select testdata.uid(42865, 1, 1000 + k, 0), 'fiat', 'USD', 1500, 'confirmed', t, t, t from generate_series(0, 59) k, generate_series(1, 8) i, lateral (select testdata.window_start() + i * interval '10 days' as t) x;
create temporary table gifts_0865 as select d.* from core.donations d where d.id in (select e.id from testdata.entities e where e.seed = 42865 and e.kind = 'donation') or d.donor_id in (select e.id from testdata.entities e where e.seed = 42865 and e.kind = 'user');
create temporary view pg_temp.cases_0865 as select e.n, e.at, k.* from testdata.entities e join core.kyc k on k.user_id = e.id where e.seed = 42865 and e.kind = 'user' and k.donation_id is null;
do $verify$
declare
  halves text;
begin
  perform testdata.gen_kyc(42865, 1030, 1060, 0.0004) + testdata.gen_kyc(42865, 0, 1030, 0.0004);
  select sum(hashtextextended(c::text, 0))::text into halves from pg_temp.cases_0865 c;
  raise exception using errcode = 'P0865';
exception when sqlstate 'P0865' then
  perform set_config('probe.halves', halves, true);
end $verify$;
select testdata.gen_kyc(42865, 0, 1060, 0.0004) > 400;
select sum(hashtextextended(c::text, 0))::text = current_setting('probe.halves'), count(*) filter (where status = 'approved') >= 1, bool_and(testdata.is_test_id(id) and core.uuid_time(id) = requested_at and requested_at >= at), bool_and(decided_by is distinct from user_id and proposed_by is distinct from decided_by),
  bool_and(core.is_minimal_kyc(result)), bool_and(retention_until = decided_at + interval '5 years'), bool_and(upper(valid_during) = lower(valid_during) + interval '24 months') filter (where status = 'approved') from pg_temp.cases_0865 c;
create temporary table sums_0865 as select g.*, sum(g.amount_usd) over (partition by g.donor_id order by g.confirmed_at range between interval '12 months' preceding and current row) as total from gifts_0865 g where g.donor_id is not null and g.status in ('confirmed', 'reconciled');
select count(*) > 0, bool_and(exists (select from core.kyc k where k.user_id = s.donor_id and k.status = 'approved' and k.valid_during @> s.confirmed_at and (k.level = 'enhanced' or s.total < core.threshold('aml_enhanced', 'US', s.confirmed_at)))) from sums_0865 s where s.total >= core.threshold('kyc_gate', 'US', s.confirmed_at);
select count(*) = 0 from pg_temp.cases_0865 c where coalesce((select sum(g.amount_usd) from gifts_0865 g where g.donor_id = c.user_id and g.confirmed_at is not null), 0) < 3000;
select bool_and(exists (select from core.kyc k where k.id = g.kyc_id and k.donation_id = g.id and (g.status <> 'kyc_required' or k.status = 'requested'))) is not false from gifts_0865 g where g.donor_id is null and g.amount_usd >= 3000 and g.status <> 'created';
select count(*) = 0 from pg_temp.cases_0865 c where c.status <> 'requested' and c.status is distinct from (select s.to_status from core.status_changes s where s.entity_id = c.id order by s.occurred_at desc limit 1);
select count(*) filter (where status = 'approved') = 120, count(*) filter (where status = 'expired' and upper(valid_during) < testdata.window_end()) between 3 and 30, count(*) filter (where status = 'rejected' and rejection_code is not null) between 1 and 20, min(lower(valid_during)) filter (where status = 'approved' and level = 'basic') < testdata.window_start() + interval '20 days',
  bool_and(lower(valid_during) < testdata.window_start() + case level when 'basic' then interval '20 days' else interval '70 days' end) filter (where status = 'approved') from pg_temp.cases_0865 where n >= 1000;
set local testdata.until = '2030-01-01';
select count(*) = 2, bool_and(c.path = '{requested}') from testdata.cases_of(42865, 1000, 1001, 0.0004) c where c.status = 'requested';
set local testdata.until = '';
set local testdata.allow = off;
select blueprint.raises('select testdata.gen_kyc(42865, 0, 10, 0.001)', '42501', 'not allowed');
select count(*) = 1, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name = 'gen_kyc' and after = '{gen_donations}';

-- revert
delete from testdata.generators where name = 'gen_kyc';
drop function testdata.gen_kyc;
drop function testdata.cases_of;

-- task: BUILD_0866 create_test_data drill
-- title: Generate core.receipts gapless per tax year with corrections, voids and annual statements
-- does: An original for each confirmed gift that is not anonymous, a void where it was refunded, one in a hundred corrected on request of finance, annual statements of years that are over; numbered in order of issue from where the
--   series stands, which is moved on by as many. Texts, flags and codes as issue_receipt() and its thresholds of the day make them, digests too. Numbers follow each other over all gifts: it is one chunk.
-- proves: number_gaps() finds nothing and next_number() goes on, verify_receipt() knows its codes, one live receipt a gift, statements equal their receipts, digests recompute, gifts know their receipt, twice gives the same.
-- needs: BUILD_0757, BUILD_0759, BUILD_0760, BUILD_0861
create function testdata.gen_receipts(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = '' set enable_nestloop = off
as $$
#variable_conflict use_variable
declare
  ended constant timestamptz := testdata.window_end();
  begun constant timestamptz := testdata.window_start();
  letters constant text := '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
  organisation constant jsonb := jsonb_build_object('legal_name', 'HingeCraft Test Foundation', 'ein', testdata.ein(seed, 1), 'address', jsonb_build_object('line1', '1 Sample Street', 'city', 'Springfield', 'country', 'US'));
  about constant text := 'HingeCraft Test Foundation (EIN ' || testdata.ein(seed, 1) || ')';
  finance constant uuid[] := (select array_agg(e.id order by e.n) from testdata.entities e where e.seed = gen_receipts.seed and e.kind = 'user' and e.n in (5, 6));
  honest constant boolean := current_setting('session_replication_role') <> 'replica';
  made bigint;
begin
  perform testdata.require_allowed();
  if honest then  -- the gifts are marked below, with the time they had
    alter table core.receipts disable trigger receipts_mark;
    alter table core.donations disable trigger donations_touch;
  end if;
  insert into core.number_series (series, period, last_value, prefix, width, is_yearly, used_in, used_as)
  select s.series, y.year::text, 0, s.prefix, s.width, s.is_yearly, s.used_in, s.used_as
  from core.number_series s, generate_series(extract(year from begun at time zone 'UTC')::int, extract(year from ended at time zone 'UTC')::int) y(year) where s.series = 'receipt' and s.period = '*' on conflict do nothing;
  perform from core.number_series s where s.series = 'receipt' for update;
  with gifts as materialized (
    select e.n, d.*, extract(year from d.confirmed_at at time zone 'UTC')::int as year, d.amount_crypto is not null as is_property, u.display_name, u.email, u.country, c.name as coin,
      d.amount_crypto is not null and d.amount_usd > form.amount_usd as needs_form, d.amount_crypto is not null and d.amount_usd > appraisal.amount_usd as needs_appraisal,
      d.amount_usd >= acknowledge.amount_usd as acknowledged, d.goods_value_usd > 0 and d.amount_usd > quid.amount_usd as disclosed
    from testdata.entities e join core.donations d on d.id = e.id join core.currencies c on c.code = d.currency left join core.users u on u.id = d.donor_id
    join core.compliance_thresholds form on form.rule = 'form_8283' and form.jurisdiction = 'US' and form.effective @> d.confirmed_at join core.compliance_thresholds appraisal on appraisal.rule = 'appraisal' and appraisal.jurisdiction = 'US' and appraisal.effective @> d.confirmed_at
    join core.compliance_thresholds acknowledge on acknowledge.rule = 'receipt_acknowledgement' and acknowledge.jurisdiction = 'US' and acknowledge.effective @> d.confirmed_at join core.compliance_thresholds quid on quid.rule = 'quid_pro_quo' and quid.jurisdiction = 'US' and quid.effective @> d.confirmed_at
    where e.seed = gen_receipts.seed and e.kind = 'donation' and e.n >= lo and e.n < hi and d.status in ('confirmed', 'reconciled', 'refunded') and not d.is_anonymous offset 0),
  papers as (
    select g.n * 4 as key, g.n, g.id as gift_id, g.donor_id, g.year, 'original' as kind, g.confirmed_at + interval '1 second' as issued_at from gifts g
    union all select g.n * 4 + 1, g.n, g.id, g.donor_id, g.year, 'corrected', date_trunc('milliseconds', g.confirmed_at + least(interval '3 days', (ended - g.confirmed_at) * 0.5)) from gifts g where g.n % 100 = 7 and g.status <> 'refunded'
    union all select g.n * 4 + 1, g.n, g.id, g.donor_id, g.year, 'void', date_trunc('milliseconds', g.refunded_at + least(interval '1 hour', (ended - g.refunded_at) * 0.5)) from gifts g where g.status = 'refunded'),
  statements as (
    select min(p.key) + 2 as key, p.donor_id, p.year, greatest(max(p.issued_at) + interval '1 minute', make_timestamptz(p.year + 1, 1, 15, 9, 0, 0, 'UTC')) as issued_at from papers p
    where p.donor_id is not null and make_timestamptz(p.year + 1, 1, 15, 9, 0, 0, 'UTC') < ended and exists (select from gifts g where g.donor_id = p.donor_id and g.year = p.year and g.status <> 'refunded')
      and not exists (select from core.donations d where d.donor_id = p.donor_id and d.status in ('pending', 'flagged', 'kyc_required') and d.created_at >= make_timestamptz(p.year, 1, 1, 0, 0, 0, 'UTC') and d.created_at < make_timestamptz(p.year + 1, 1, 1, 0, 0, 0, 'UTC'))
    group by p.donor_id, p.year),
  numbered as materialized (
    select a.*, testdata.uid(seed, 116, a.key, testdata.ms(a.issued_at)) as id, core.format_number(s.prefix, s.period, s.width, s.last_value + row_number() over (partition by a.year order by a.issued_at, a.key)) as number
    from (select * from papers union all select t.key, null, null, t.donor_id, t.year, 'annual_statement', t.issued_at from statements t) a join core.number_series s on s.series = 'receipt' and s.period = a.year::text offset 0),
  counted as (
    update core.number_series s set last_value = s.last_value + c.papers from (select p.year, count(*) as papers from numbered p group by p.year) c where s.series = 'receipt' and s.period = c.year::text returning 1),
  live as materialized (
    select p.*, o.id as old_id, o.number as old_number, f.id as next_id, f.issued_at as next_at from numbered p left join numbered o on o.key = p.key - 1 and p.key % 4 = 1 left join numbered f on f.key = p.key + 1 and p.key % 4 = 0 and f.key % 4 = 1 offset 0),
  worded as materialized (
    select l.*, about || ' acknowledges with thanks your gift of ' || case when g.is_property then trim_scale(g.amount_crypto) || ' ' || g.currency else to_char(g.amount_usd, 'FM999,999,999,990.00') || ' USD' end || ', received on ' || to_char(g.confirmed_at at time zone 'UTC', 'YYYY-MM-DD') || '.'
        || case when g.goods_value_usd = 0 then ' No goods or services were provided in exchange.' else ' In exchange you received goods or services; our good-faith estimate of their value is ' || to_char(g.goods_value_usd, 'FM999,999,999,990.00') || ' USD. The deductible amount is limited to what exceeds it.' end
        || case when g.is_property then ' The value of property is for the donor to determine.' else '' end as words,
      g.amount_usd, g.goods_value_usd, case when g.is_property then g.coin || ' (' || g.currency || '), ' || trim_scale(g.amount_crypto) || ' units' end as property, g.needs_form, g.needs_appraisal, g.acknowledged, g.disclosed, g.fund_code, g.confirmed_at,
      jsonb_strip_nulls(jsonb_build_object('name', g.donor_name, 'mail', g.donor_email::text, 'mail_sha256', encode(sha256(convert_to(lower(g.donor_email::text), 'UTF8')), 'hex'), 'address', case when g.country is not null then jsonb_build_object('country', g.country) end)) as donor
    from live l left join gifts g on g.id = l.gift_id offset 0),
  lists as materialized (
    select w.donor_id, w.year, sum(w.amount_usd) as total, count(*) as gifts,
      jsonb_agg(jsonb_build_object('number', w.number, 'on', (w.confirmed_at at time zone 'UTC')::date, 'fund', w.fund_code, 'kind', case when w.property is null then 'money' else 'property' end, 'what', w.property, 'amount_usd', w.amount_usd::numeric) order by w.number) as lines
    from worded w where w.kind in ('original', 'corrected') and w.next_id is null and w.donor_id is not null group by w.donor_id, w.year),
  rows as (
    insert into core.receipts (id, number, donation_id, donor_id, kind, replaces_id, replaced_by_id, tax_year, issued_at, donor, organisation, amount_usd, property_description, goods_value_usd, needs_form_8283, needs_appraisal, statement_text, emailed_at, verification_code, metadata, created_at, updated_at)
    select w.id, w.number, w.gift_id, w.donor_id, w.kind, w.old_id, w.next_id, w.year, w.issued_at, case when w.kind = 'annual_statement' then jsonb_strip_nulls(jsonb_build_object('name', u.display_name, 'mail', u.email::text)) else w.donor end, organisation,
      case w.kind when 'void' then 0 when 'annual_statement' then t.total else w.amount_usd end, w.property, case when w.kind in ('original', 'corrected') then w.goods_value_usd else 0 end, w.kind in ('original', 'corrected') and w.needs_form, w.kind in ('original', 'corrected') and w.needs_appraisal,
      case w.kind when 'void' then 'Receipt ' || w.old_number || ' is void.' when 'annual_statement' then about || ' received from you in ' || w.year || ' ' || t.gifts || ' gifts, net of refunds. Values of property are our own record; no goods or services beyond those named on the single receipts were provided.'
        when 'corrected' then w.words || ' This corrects receipt ' || w.old_number || '.' else w.words end,
      w.issued_at + interval '1 minute', c.body || core.receipt_check_char(c.body),
      case w.kind when 'original' then jsonb_build_object('acknowledgement_required', w.acknowledged, 'disclosure_required', w.disclosed) when 'annual_statement' then jsonb_build_object('lines', t.lines, 'totals', (
          select jsonb_object_agg(k.key, k.total) from (select (x.line ->> 'fund') || ', ' || (x.line ->> 'kind') as key, sum((x.line ->> 'amount_usd')::numeric) as total from jsonb_array_elements(t.lines) x(line) group by 1) k)) else '{"reason": "test data"}' end || '{"testdata": true}', w.issued_at, greatest(w.issued_at + interval '1 minute', w.next_at)
    from worded w left join lists t on w.kind = 'annual_statement' and t.donor_id = w.donor_id and t.year = w.year left join core.users u on w.kind = 'annual_statement' and u.id = w.donor_id,
      lateral (select string_agg(substr(letters, get_byte(s.digest, i) % 31 + 1, 1), '' order by i) as body from (select sha256(convert_to(concat_ws(':', 'receipt', seed, w.key), 'UTF8')) as digest) s, generate_series(0, 10) i) c
    order by w.issued_at, w.key returning 1),
  asked as (
    insert into core.receipt_changes (id, receipt_id, kind, changes, reason, requested_by, confirmed_by, new_receipt_id, created_at)
    select testdata.uid(seed, 117, w.n, testdata.ms(w.issued_at)), w.old_id, w.kind, case w.kind when 'void' then '{}' else jsonb_build_object('donor', w.donor) end, 'test data', finance[1], case when w.amount_usd > 5000 then finance[2] end, w.id, w.issued_at from worded w where w.old_id is not null order by w.n returning 1),
  marked as (
    update core.donations d set metadata = d.metadata || case w.kind when 'void' then jsonb_build_object('receipt_void', w.number) else jsonb_build_object('receipt', w.number) end, updated_at = greatest(d.updated_at, w.issued_at)
    from worded w where w.gift_id = d.id and w.next_id is null returning 1)
  select count(*) + (select count(*) from asked) into made from rows;
  update core.receipts r set content_sha256 = core.receipt_digest(r) where r.content_sha256 is null and testdata.is_test_id(r.id);
  if honest then
    alter table core.receipts enable trigger receipts_mark;
    alter table core.donations enable trigger donations_touch;
  end if;
  return made;
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values ('gen_receipts', '{core.receipts,core.receipt_changes}', '{gen_donations}', 200000, 100000000, 100);

comment on function testdata.gen_receipts is 'Makes core.receipts of the gifts numbered [lo, hi) with corrections, voids and annual statements, and moves the series receipt on. Later chunks would number after earlier ones, so it is planned as one.';

-- verify
set local testdata.allow = on;
set local testdata.since = '2025-08-01 00:00+00';
set local testdata.until = '2026-08-01 00:00+00';
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes') >= 0, core.load_key('user.email', decode(repeat('66', 32), 'hex')) > 0;
select testdata.gen_users(42866, 0, 40, 0.0004) > 0, testdata.gen_wallets(42866, 0, 7, 0.0006) > 0, testdata.gen_donations(42866, 0, 110, 0.0006) > 0;
create temporary view pg_temp.gifts_0866 as select d.* from testdata.entities e join core.donations d using (id) where e.seed = 42866 and e.kind = 'donation';
create temporary view pg_temp.made_0866 as select r.* from core.receipts r where r.id in (select r.id from core.receipts r join pg_temp.gifts_0866 g on g.id = r.donation_id union all select r.id from core.receipts r join testdata.entities e on e.id = r.donor_id where e.seed = 42866 and r.kind = 'annual_statement');
do $verify$
declare
  once text;
begin
  perform testdata.gen_receipts(42866, 0, 110, 0.0006);
  select concat((select sum(hashtextextended(m::text, 0)) from pg_temp.made_0866 m), (select sum(hashtextextended(g::text, 0)) from pg_temp.gifts_0866 g)) into once;
  raise exception using errcode = 'P0866';
exception when sqlstate 'P0866' then
  perform set_config('probe.once', once, true);
end $verify$;
create temporary table before_0866 as select id, updated_at from pg_temp.gifts_0866;
select testdata.gen_receipts(42866, 0, 110, 0.0006) > 60;
select concat((select sum(hashtextextended(m::text, 0)) from pg_temp.made_0866 m), (select sum(hashtextextended(g::text, 0)) from pg_temp.gifts_0866 g)) = current_setting('probe.once');
select y, count(g) = 0 from generate_series(2025, 2026) y left join lateral core.number_gaps('receipt', y::text) g on true group by y;
select core.next_number('receipt', '2025') = core.format_number('HC', '2025', 6, 1 + max(right(number, 6)::bigint)) from core.receipts where tax_year = 2025;
select count(*) > 60, bool_and(content_sha256 = (select core.receipt_digest(x) from core.receipts x where x.id = r.id)), bool_and(core.receipt_check_char(verification_code) = right(verification_code, 1)), count(*) filter (where kind = 'corrected') >= 1, count(*) filter (where kind = 'annual_statement') >= 1, bool_and(testdata.is_test_id(id)),
  bool_and(issued_at <= testdata.window_end() and updated_at >= emailed_at), bool_and((property_description is not null) <= (statement_text ~ 'property|void')), bool_and((goods_value_usd > 0) <= (statement_text ~ 'good-faith')), bool_and(needs_form_8283 <= (property_description is not null and amount_usd > 500)) from pg_temp.made_0866 r;
select bool_and(number > before) from (select number, lag(number) over (partition by tax_year order by issued_at) as before from pg_temp.made_0866 where kind = 'original') o where before is not null;
select bool_and((select count(*) = 1 from core.receipts r where r.donation_id = g.id and r.replaced_by_id is null) and (select r.number = coalesce(g.metadata ->> 'receipt', g.metadata ->> 'receipt_void') and r.kind = case when g.status = 'refunded' then 'void' else r.kind end from core.receipts r where r.donation_id = g.id and r.replaced_by_id is null))
from pg_temp.gifts_0866 g where g.status in ('confirmed', 'reconciled', 'refunded') and not g.is_anonymous;
select count(*) = 0 from pg_temp.gifts_0866 g join core.receipts r on r.donation_id = g.id where g.is_anonymous or g.confirmed_at is null;
select bool_and(s.amount_usd = (select sum(r.amount_usd) from core.receipts r where r.donor_id = s.donor_id and r.tax_year = s.tax_year and r.kind in ('original', 'corrected') and r.replaced_by_id is null)), bool_and((select sum(v.value::numeric) = s.amount_usd from jsonb_each_text(s.metadata -> 'totals') v)),
  bool_and(core.issue_annual_statement(s.donor_id, s.tax_year) = s.number) from pg_temp.made_0866 s where s.kind = 'annual_statement';
select count(*) = 18, bool_and(core.verify_receipt(verification_code, number) ->> 'status' = 'valid') from (select * from pg_temp.made_0866 where replaced_by_id is null and kind <> 'void' order by number limit 18) r;
select bool_and(c.new_receipt_id = r.replaced_by_id and c.kind = n.kind), count(*) = count(r.replaced_by_id) from pg_temp.made_0866 r join core.receipt_changes c on c.receipt_id = r.id join core.receipts n on n.id = r.replaced_by_id;
select bool_and(g.updated_at >= b.updated_at and g.updated_at <= testdata.window_end()) from before_0866 b join pg_temp.gifts_0866 g using (id);
select count(*) = 2 from pg_trigger where tgname in ('receipts_mark', 'donations_touch') and tgenabled = 'O';
set local testdata.allow = off;
select blueprint.raises('select testdata.gen_receipts(42866, 0, 10, 0.001)', '42501', 'not allowed');
select count(*) = 1, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name = 'gen_receipts' and after = '{gen_donations}' and chunk_rows = 100000000;

-- revert
delete from testdata.generators where name = 'gen_receipts';
drop function testdata.gen_receipts;

-- task: BUILD_0877 create_test_data drill
-- title: Generate the treasury room: a balanced, hash-chained ledger of all donations, fees, sweeps, payouts
-- does: Daily rates of three sources for the window, an account per wallet and currency, and an entry for each confirmed gift, refund, sweep, payout, exchange, fee and whatever else moved a wallet, in order of time from where series
--   and chain stand: hash_chain() links them in one pass. Intents of every tenth crypto gift, signers of 2 of 3, proposals with two approvals and payouts for what was paid out, some open and refused ones, budgets of the
--   project funds, screenings, invented sanctions names and signed reconciliations. The chain has an order over everything: it is one chunk.
-- proves: all entries balance, the chain and numbers hold, no gift is unposted, positions of wallets differ by 0, no proposer approves, reconciliations are signed by another person, twice gives the same.
-- needs: BUILD_0167, BUILD_0174, BUILD_0176, BUILD_0177, BUILD_0178, BUILD_0179, BUILD_0863
create function testdata.link_hash(state bytea, start bytea, item bytea) returns bytea
  language sql immutable parallel safe
  return sha256(coalesce(state, start, ''::bytea) || item);

create aggregate testdata.hash_chain(bytea, bytea) (sfunc = testdata.link_hash, stype = bytea);

create function testdata.gen_treasury(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = '' set enable_nestloop = off
as $$
#variable_conflict use_variable
declare
  tag constant bigint := testdata.seed_tag(seed);
  begun constant timestamptz := testdata.window_start();
  ended constant timestamptz := testdata.window_end();
  networks constant text[] := '{bitcoin,ethereum,solana,stellar,polygon,custodial}';
  natives constant text[] := '{BTC,ETH,SOL,XLM,POL,USDC-custodial}';
  staff constant uuid[] := (select array_agg(e.id order by e.n) from testdata.entities e where e.seed = gen_treasury.seed and e.kind = 'user' and e.n in (1, 5, 6));
  honest constant boolean := current_setting('session_replication_role') <> 'replica';
  total bigint := 0;
  made bigint;
begin
  perform testdata.require_allowed();
  if honest then  -- number, time and link of the entries follow the data, not the clock
    alter table treasury.entries disable trigger entries_stamp;
  end if;
  insert into treasury.exchange_rates (base, quote, source, occurred_at, rate)
  select b, 'USD', 'testdata-' || tag || '-' || s, at, round(testdata.rate(b, seed, at) * (1 + 0.004 * (testdata.unit(seed, 87701 + s, testdata.ms(at) / 3600000) - 0.5))::numeric, 8)
  from unnest('{BTC,ETH,SOL,XLM,POL,USDC}'::text[]) b, generate_series(1, 3) s, generate_series(begun, ended - interval '1 second', interval '1 day') at on conflict do nothing;
  get diagnostics made = row_count; total := total + made;
  insert into treasury.accounts (id, code, path, name, type, currency, wallet_id, normal_side, created_at, updated_at)
  select testdata.uid(seed, 120, w.n * 4 + c.place, testdata.ms(begun)), a.code, a.code::extensions.ltree, 'Wallet ' || w.n || ', ' || c.code, 'asset', c.code, w.id, 'debit', begun, begun
  from testdata.entities w, lateral (select c.code, row_number() over (order by c.code) as place from core.currencies c where c.chain = networks[1 + w.n % 7] and (w.n % 7 < 5 or c.code = 'USDC-custodial')) c,
    lateral (select 'assets.testdata.t' || tag || '.w' || w.n || '.' || replace(lower(c.code), '-', '_') as code) a
  where w.seed = gen_treasury.seed and w.kind = 'wallet' and w.n < 14 and w.n % 7 < 6;
  get diagnostics made = row_count; total := total + made;
  insert into treasury.budgets (id, fund_code, account_id, period, limit_usd, created_at, updated_at)
  select testdata.uid(seed, 121, k, testdata.ms(begun)), 'testdata-' || tag || '-' || k, a.id, daterange(begun::date, ended::date), 100000 * (k + 1), begun, begun from generate_series(0, 3) k, treasury.accounts a where a.code = 'expense.programme.movement';
  get diagnostics made = row_count; total := total + made;
  insert into core.number_series (series, period, last_value, prefix, width, is_yearly, used_in, used_as)
  select s.series, y.year::text, 0, s.prefix, s.width, s.is_yearly, s.used_in, s.used_as from core.number_series s, generate_series(extract(year from begun - interval '1 day')::int, extract(year from ended)::int) y(year) where s.series = 'entry' and s.period = '*' on conflict do nothing;
  perform from core.number_series s where s.series = 'entry' for update;
  with gifts as materialized (
    select e.n, d.*, d.amount_crypto is not null as is_crypto, d.status in ('confirmed', 'reconciled', 'refunded') as is_settled,
      case when f.kind <> 'unrestricted' then 'income.donations.restricted' when d.amount_crypto is null then 'income.donations.fiat' else 'income.donations.crypto' end as income
    from testdata.entities e join core.donations d on d.id = e.id join treasury.funds f on f.code = d.fund_code where e.seed = gen_treasury.seed and e.kind = 'donation' and e.n >= lo and e.n < hi offset 0),
  moves as materialized (
    select m.*, m.times[cardinality(m.times)] as at, 'assets.testdata.t' || tag || '.w' || m.wallet_n || '.' || replace(lower(m.currency), '-', '_') as account, natives[array_position(networks, m.chain)] as native,
      'assets.testdata.t' || tag || '.w' || m.wallet_n || '.' || replace(lower(natives[array_position(networks, m.chain)]), '-', '_') as native_account, round(m.fee * testdata.rate(natives[array_position(networks, m.chain)], seed, m.times[1]), 2) as fee_usd
    from testdata.movements_of(seed, lo, hi, sf) m where m.status = 'confirmed' and m.slot <> 107 offset 0),
  sources as materialized (
    select g.n * 16 as key, g.confirmed_at as at, 'donation' as kind, 'donation' as source_kind, g.id::text as source_id, 'Gift ' || g.id as about, g.fund_code as fund,
      case when g.is_crypto then array[m.account, g.income] when g.fee_usd > 0 and g.fee_usd < g.amount_usd then array['assets.cash.processor', 'expense.fees.processing', g.income] else array['assets.cash.processor', g.income] end as accounts,
      case when g.is_crypto then array[g.currency, g.currency]::text[] else array_fill('USD'::text, array[3]) end as currencies,
      case when g.is_crypto then array[g.amount_crypto, - g.amount_crypto]::numeric[] when g.fee_usd > 0 and g.fee_usd < g.amount_usd then array[g.amount_usd - g.fee_usd, g.fee_usd, - g.amount_usd]::numeric[] else array[g.amount_usd, - g.amount_usd]::numeric[] end as amounts,
      case when not g.is_crypto and g.fee_usd > 0 and g.fee_usd < g.amount_usd then array[g.amount_usd - g.fee_usd, g.fee_usd, - g.amount_usd]::numeric[] else array[g.amount_usd, - g.amount_usd]::numeric[] end as usds
    from gifts g left join moves m on m.slot = 104 and m.n = g.n where g.is_settled
    union all
    select g.n * 16 + 1, g.refunded_at, 'refund', 'donation_refund', format('%s:%s', g.id, g.refunded_usd::numeric), 'Refund of gift ' || g.id, g.fund_code,
      case when not g.is_crypto then array[g.income, 'assets.cash.processor'] when w.worth = g.amount_usd then array[g.income, m.account, 'expense.fees.network', m.native_account] else array[g.income, m.account, 'expense.fees.network', m.native_account, case when w.worth > g.amount_usd then 'expense.fx_loss' else 'income.fx_gain' end] end,
      case when g.is_crypto then array[m.currency, m.currency, m.native, m.native, 'USD'] else '{USD,USD}' end, case when g.is_crypto then array[m.amount, - m.amount, m.fee, - m.fee, w.worth - g.amount_usd]::numeric[] else array[g.amount_usd, - g.amount_usd]::numeric[] end,
      case when g.is_crypto then array[g.amount_usd, - w.worth, m.fee_usd, - m.fee_usd, w.worth - g.amount_usd]::numeric[] else array[g.amount_usd, - g.amount_usd]::numeric[] end
    from gifts g left join moves m on m.slot = 109 and m.n = g.n, lateral (select round(g.amount_crypto * testdata.rate(g.currency, seed, g.refunded_at), 2) as worth) w where g.status = 'refunded'
    union all
    select m.n * 16 + m.slot - 102, m.at, case m.slot when 106 then 'sweep' when 108 then case m.kind when 'outgoing' then 'payout' else 'fx' end when 113 then 'fee' else 'adjustment' end, 'transaction', m.id::text, initcap(m.kind) || ' over ' || m.chain, case when m.kind = 'outgoing' then 'testdata-' || tag || '-0' else 'general' end,
      case m.slot when 106 then array[replace(m.account, '.w' || m.wallet_n || '.', '.w' || m.wallet_n + 7 || '.'), m.account] when 108 then array[case m.kind when 'outgoing' then 'expense.programme.movement' else 'assets.cash.bank' end, m.account] when 113 then array['expense.fees.processing', m.account]
        else array[m.account, case m.slot when 104 then 'assets.suspense' when 111 then 'income.other' else 'equity.opening' end] end || array['expense.fees.network', m.native_account],
      array[case m.kind when 'exchange' then 'USD' else m.currency end, m.currency, m.native, m.native], array[case m.kind when 'exchange' then m.usd else m.amount end, - m.amount, m.fee, - m.fee], array[m.usd, - m.usd, m.fee_usd, - m.fee_usd]
    from moves m left join gifts g on m.slot = 104 and g.n = m.n where m.slot <> 109 and (m.slot <> 104 or not g.is_settled)),
  lines as materialized (
    select s.key, row_number() over (partition by s.key order by l.place)::int as line_no, a.id as account_id, l.currency, l.amount::numeric(38, 18) as amount, l.usd::numeric(20, 2) as usd, s.fund
    from sources s, unnest(s.accounts, s.currencies, s.amounts, s.usds) with ordinality l(account, currency, amount, usd, place) join treasury.accounts a on a.code = l.account where l.account is not null and l.amount <> 0),
  payloads as (
    select l.key, sha256(convert_to(string_agg(format('%s|%s|%s|%s|%s|%s', l.line_no, l.account_id, l.currency, l.amount, l.usd, l.fund), e'\n' order by l.line_no), 'UTF8')) as payload from lines l group by l.key),
  numbered as materialized (
    select s.key, s.kind, s.source_kind, s.source_id, s.about, s.at, (s.at at time zone 'UTC')::date as day, p.payload, testdata.uid(seed, 119, s.key, testdata.ms(s.at)) as id, (select coalesce(max(e.seq), 0) from treasury.entries e) + row_number() over (order by s.at, s.key) as seq,
      core.format_number(t.prefix, t.period, t.width, t.last_value + row_number() over (partition by t.period order by s.at, s.key)) as number, t.period
    from sources s join payloads p using (key) join core.number_series t on t.series = 'entry' and t.period = extract(year from s.at at time zone 'UTC')::text offset 0),
  counted as (
    update core.number_series s set last_value = s.last_value + c.entries from (select n.period, count(*) as entries from numbered n group by n.period) c where s.series = 'entry' and s.period = c.period returning 1),
  linked as (
    select n.*, testdata.hash_chain(h.last, convert_to(jsonb_build_array(n.seq, n.number, extract(epoch from n.at), n.day, n.kind, n.source_kind, n.source_id, n.about, null::uuid, encode(n.payload, 'hex'))::text, 'UTF8')) over (order by n.seq) as hash, h.last
    from numbered n, (select (select e.entry_sha256::bytea from treasury.entries e where e.seq is not null order by e.seq desc limit 1) as last) h),
  rows as (
    insert into treasury.entries (id, seq, number, posted_at, effective_on, kind, source_kind, source_id, description, posted_by, request_id, payload_sha256, prev_sha256, entry_sha256)
    select l.id, l.seq, l.number, l.at, l.day, l.kind, l.source_kind, l.source_id, l.about, null, null, l.payload, coalesce(lag(l.hash) over (order by l.seq), l.last), l.hash from linked l order by l.seq returning 1),
  posted as (
    insert into treasury.postings (entry_id, line_no, account_id, currency, amount, amount_usd, fund_code) select n.id, l.line_no, l.account_id, l.currency, l.amount, l.usd, l.fund from lines l join numbered n using (key) order by n.seq, l.line_no returning 1)
  select count(*) + (select count(*) from posted) into made from rows;
  total := total + made;
  if honest then
    set constraints treasury.entries_balanced, treasury.postings_balanced immediate;
    set constraints treasury.entries_balanced, treasury.postings_balanced deferred;
    alter table treasury.entries enable trigger entries_stamp;
  end if;
  with signers as (
    insert into treasury.wallet_signers (id, wallet_id, user_id, key_fingerprint, during)
    select testdata.uid(seed, 123, w.n * 4 + k, testdata.ms(begun)), w.id, staff[k], left(encode(sha256(convert_to(concat_ws(':', 'signer', seed, k), 'UTF8')), 'hex'), 16), tstzrange(begun - interval '1 day', null) from testdata.entities w, generate_series(1, 3) k
    where w.seed = gen_treasury.seed and w.kind = 'wallet' and (w.n between 7 and 12 or w.n between 21 and 25) returning 1),
  asked as materialized (
    select t.id as transaction_id, t.n, t.wallet_id, t.chain, t.currency::text as currency, t.amount_crypto::numeric as amount, t.amount_usd, t.counterparty_address as address, t.created_at - interval '5 hours' as at, 'executed' as status, t.created_at as done_at
    from (select m.n, x.* from testdata.movements_of(seed, lo, hi, sf) m join core.transactions x on x.id = m.id where m.slot = 108 and m.kind = 'outgoing') t
    union all
    select null, 200000000 + k, w.id, networks[k + 1], natives[k + 1], 1 + k, round((1 + k) * testdata.rate(natives[k + 1], seed, ended), 2), testdata.address(networks[k + 1], seed, 3000000000 + k, false), ended - (2 + k) * interval '1 day', case when k % 2 = 0 then 'open' else 'rejected' end, ended - (1 + k) * interval '1 day'
    from generate_series(0, 4) k join testdata.entities w on w.seed = gen_treasury.seed and w.kind = 'wallet' and w.n = 21 + k),
  proposed as (
    insert into treasury.proposals (id, wallet_id, kind, to_address, currency, amount, amount_usd, payload_sha256, status, proposed_by, expires_at, executes_after, transaction_id, metadata, created_at, updated_at)
    select testdata.uid(seed, 124, a.n, testdata.ms(a.at)), a.wallet_id, 'payout', coalesce(a.address, 'td-payee'), a.currency, a.amount, a.amount_usd, treasury.proposal_digest(a.wallet_id, 'payout', coalesce(a.address, 'td-payee'), a.currency, a.amount), a.status, staff[2], a.at + interval '7 days',
      case when a.status = 'executed' then a.at + interval '4 hours' end, a.transaction_id, '{"testdata": true}', a.at, a.done_at from asked a returning id, status, payload_sha256, created_at),
  kept as (
    insert into treasury.payouts (id, proposal_id, payee_id, budget_id, amount_usd, currency, amount, purpose, transaction_id, entry_id, status, created_at, updated_at)
    select testdata.uid(seed, 125, a.n, testdata.ms(a.at)), testdata.uid(seed, 124, a.n, testdata.ms(a.at)), staff[1], testdata.uid(seed, 121, 0, testdata.ms(begun)), a.amount_usd, a.currency, a.amount, 'material', a.transaction_id, e.id, 'executed', a.at, a.done_at
    from asked a join treasury.entries e on e.source_kind = 'transaction' and e.source_id = a.transaction_id::text where a.amount_usd > 0 returning 1)
  select count(*) + (select count(*) from signers) + (select count(*) from kept) into made from proposed;
  total := total + made;
  insert into treasury.approvals (proposal_id, signer_id, payload_sha256, decision, signature, occurred_at)
  select p.id, staff[k], p.payload_sha256, case when p.status = 'rejected' then 'reject' else 'approve' end, sha256(convert_to(concat_ws(':', 'approval', p.id, k), 'UTF8')), p.created_at + k * interval '1 hour'
  from treasury.proposals p join testdata.entities w on w.id = p.wallet_id and w.seed = gen_treasury.seed and w.kind = 'wallet', unnest('{1,3}'::int[]) k where p.proposed_by = staff[2] and (p.status <> 'open' or k = 1);
  get diagnostics made = row_count; total := total + made;
  with intents as (
    insert into treasury.payment_intents (id, user_id, fund_code, amount_usd, currency, chain, pay_address, pay_amount, received_amount, idempotency_key, status, expires_at, donation_id, contact, metadata, created_at, updated_at)
    select testdata.uid(seed, 122, e.n, testdata.ms(i.at)), d.donor_id, d.fund_code, d.amount_usd, d.currency, d.chain, w.address, d.amount_crypto, case when d.txid is null then 0 else d.amount_crypto end, 'testdata-' || tag || '-' || e.n, case when d.txid is null then 'expired' else 'paid' end, i.at + interval '1 hour',
      case when d.txid is not null then d.id end, case when d.donor_id is null then jsonb_build_object('email', d.donor_email::text) else '{}' end, '{"testdata": true}', i.at, case when d.txid is null then i.at + interval '1 hour' else d.created_at + interval '2 minutes' end
    from testdata.entities e join core.donations d on d.id = e.id join core.wallets w on w.id = d.to_wallet_id, lateral (select d.created_at - interval '5 minutes' as at) i where e.seed = gen_treasury.seed and e.kind = 'donation' and e.n >= lo and e.n < hi and e.n % 10 = 3 and d.amount_crypto is not null returning id, donation_id, received_amount, updated_at),
  payments as (
    insert into treasury.intent_payments (intent_id, txid, amount, from_address, received_at)
    select i.id, d.txid, i.received_amount, d.from_address, i.updated_at from intents i join core.donations d on d.id = i.donation_id returning 1)
  select count(*) + (select count(*) from payments) into made from intents;
  total := total + made;
  insert into treasury.sanctions_entries (list, uid, name, aliases, countries, programme, listed_on, list_version, created_at, updated_at)
  select 'TESTDATA-' || tag, 'T-' || k, s.name, array['The ' || s.name], '{}', 'INVENTED', (begun + k * interval '1 day')::date, 'testdata-1', begun, begun from generate_series(1, 8) k,
    lateral (select (array['Qorblax', 'Zynthrup', 'Vexquill', 'Mordzap'])[1 + k % 4] || ' ' || (array['Xuvvantle', 'Gryzzlethwop'])[1 + k / 4 % 2] || ' ' || k as name) s;
  get diagnostics made = row_count; total := total + made;
  insert into treasury.sanctions_names (list, uid, name) select s.list, s.uid, treasury.plain_name(n) from treasury.sanctions_entries s, unnest(s.aliases || s.name) n where s.list = 'TESTDATA-' || tag;
  get diagnostics made = row_count; total := total + made;
  insert into treasury.aml_screenings (id, occurred_at, subject_kind, subject_id, provider, score, matches, list_version, verdict)
  select testdata.uid(seed, 126, e.n, testdata.ms(d.created_at) + 60000), d.created_at + interval '1 minute', 'donation', d.id, 'internal', d.aml_score, '[]', 'testdata-1', case when d.ofac_hit then 'block' when d.aml_score >= 75 then 'review' else 'clear' end
  from testdata.entities e join core.donations d on d.id = e.id where e.seed = gen_treasury.seed and e.kind = 'donation' and e.n >= lo and e.n < hi and d.aml_score is not null and (d.aml_score >= 75 or e.n % 20 = 0);
  get diagnostics made = row_count; total := total + made;
  insert into treasury.reconciliations (id, wallet_id, currency, as_of, statement_balance, ledger_balance, status, prepared_by, signed_off_by, signed_off_at, created_at, updated_at)
  select testdata.uid(seed, 127, row_number() over (order by a.code), testdata.ms(ended) - 1000), a.wallet_id, a.currency, ended - interval '1 second', sum(p.amount), sum(p.amount), 'signed_off', staff[2], staff[3], ended, ended - interval '1 second', ended
  from treasury.accounts a join treasury.postings p on p.account_id = a.id where starts_with(a.code, 'assets.testdata.t' || tag || '.') group by a.code, a.wallet_id, a.currency;
  get diagnostics made = row_count; total := total + made;
  return total + (
    select sum(testdata.write_history(h.machine, format('select r.id, p.path, array(select r.created_at + (r.updated_at - r.created_at) * k / (cardinality(p.path) - 1) from generate_series(0, cardinality(p.path) - 1) k order by k), null::uuid from %s r, lateral (select %s as path) p where %s',
      h.relation, h.path, h.of_seed)))
    from (select format('r.wallet_id in (select e.id from testdata.entities e where e.seed = %s and e.kind = %L)', seed, 'wallet') as ours) s, lateral (values
      ('payment_intent', 'treasury.payment_intents', 'array[''created'', r.status]', format('starts_with(r.idempotency_key, %L)', 'testdata-' || tag || '-')),
      ('proposal', 'treasury.proposals', $q$array['draft', 'open'] || case r.status when 'executed' then array['approved', 'executed'] when 'rejected' then array['rejected'] else '{}' end$q$, s.ours),
      ('payout', 'treasury.payouts', 'array[''requested'', ''approved'', r.status]', 'r.proposal_id in (select r.id from treasury.proposals r where ' || s.ours || ')'),
      ('reconciliation', 'treasury.reconciliations', 'array[''open'', r.status]', s.ours)) h(machine, relation, path, of_seed));
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values
  ('gen_treasury', '{treasury.exchange_rates,treasury.accounts,treasury.budgets,treasury.entries,treasury.postings,treasury.wallet_signers,treasury.proposals,treasury.payouts,treasury.approvals,treasury.payment_intents,treasury.intent_payments,treasury.sanctions_entries,treasury.sanctions_names,treasury.aml_screenings,treasury.reconciliations,core.status_changes}', '{gen_transactions}', 200000, 100000000, 100);

comment on function testdata.link_hash is 'Step of hash_chain().';
comment on aggregate testdata.hash_chain(bytea, bytea) is 'SHA-256 over the digest before (the first argument where there is none) and the second argument; over (order by ...) it links rows as treasury.entry_digest() does.';
comment on function testdata.gen_treasury is 'Makes the treasury room of the gifts numbered [lo, hi) and moves the series entry on. Entries are chained over everything, so it is planned as one chunk.';

-- verify
set local testdata.allow = on;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes', 'treasury.exchange_rates') >= 0, core.load_key('user.email', decode(repeat('77', 32), 'hex')) > 0;
select testdata.gen_users(42877, 0, 40, 0.0004) > 0, testdata.gen_wallets(42877, 0, 35, 0.0006) > 0, testdata.gen_donations(42877, 0, 70, 0.0005) > 0, testdata.gen_transactions(42877, 0, 70, 0.0005) > 0;
create temporary view pg_temp.wallets_0877 as select e.id from testdata.entities e where e.seed = 42877 and e.kind = 'wallet';
create temporary view pg_temp.gifts_0877 as select d.* from testdata.entities e join core.donations d using (id) where e.seed = 42877 and e.kind = 'donation';
create temporary view pg_temp.entries_0877 as select x.* from treasury.entries x where x.id in (select p.entry_id from treasury.postings p join treasury.accounts a on a.id = p.account_id where a.wallet_id in (select id from pg_temp.wallets_0877)) or x.source_id in (select id::text from pg_temp.gifts_0877);
do $verify$
declare
  once text;
begin
  perform testdata.gen_treasury(42877, 0, 70, 0.0005);
  select sum(hashtextextended(e::text, 0))::text into once from pg_temp.entries_0877 e;
  raise exception using errcode = 'P0877';
exception when sqlstate 'P0877' then
  perform set_config('probe.once', once, true);
end $verify$;
select testdata.gen_treasury(42877, 0, 70, 0.0005) > 2000;
select sum(hashtextextended(e::text, 0))::text = current_setting('probe.once'), count(*) > 40, count(distinct kind) >= 4, bool_and(testdata.is_test_id(id) and effective_on = posted_at::date) from pg_temp.entries_0877 e;
select count(*) = 0 from treasury.verify_chain(), (select min(seq) as first from pg_temp.entries_0877) f where seq >= f.first;
select count(*) = 0 from core.number_gaps('entry', '2026');
select count(*) = 0 from treasury.unposted_donations() u join pg_temp.gifts_0877 g on g.id = u.donation_id;
select count(*) > 6, bool_and(p.difference = 0), bool_and(p.reconciled_at is not null) from treasury.wallet_positions p where p.wallet_id in (select id from pg_temp.wallets_0877);
select count(*) = 0 from (select p.entry_id from treasury.postings p join pg_temp.entries_0877 e on e.id = p.entry_id group by p.entry_id having sum(p.amount_usd) <> 0 or count(*) < 2) off;
select count(*) = 0 from (select p.entry_id from treasury.postings p join pg_temp.entries_0877 e on e.id = p.entry_id and e.kind not in ('fx', 'refund') group by p.entry_id, p.currency having sum(p.amount) <> 0) off;
select count(*) > 5, bool_and(a.signer_id <> p.proposed_by and a.payload_sha256 = p.payload_sha256), count(*) filter (where p.status = 'executed') % 2 = 0, count(distinct p.status) >= 2 from treasury.proposals p join treasury.approvals a on a.proposal_id = p.id where p.wallet_id in (select id from pg_temp.wallets_0877);
select bool_and(x.amount_usd > 0 and p.status = 'executed' and e.kind = 'payout') is not false from treasury.payouts x join treasury.proposals p on p.id = x.proposal_id join treasury.entries e on e.id = x.entry_id where p.wallet_id in (select id from pg_temp.wallets_0877);
select count(*) = 33 from treasury.wallet_signers where wallet_id in (select id from pg_temp.wallets_0877);
select count(*) >= 1, bool_and((i.status = 'paid') = (i.donation_id is not null)), bool_and(i.received_amount = coalesce((select sum(p.amount) from treasury.intent_payments p where p.intent_id = i.id), 0)) from treasury.payment_intents i where i.idempotency_key like 'testdata-' || testdata.seed_tag(42877) || '-%';
select count(*) = 0 from pg_temp.gifts_0877 g where g.aml_score >= 75 and not exists (select from treasury.aml_screenings s where s.subject_id = g.id and s.verdict <> 'clear');
select machine, count(*) > 0, bool_and(unbroken) from (
  select r.machine, s.to_status = r.status and (select count(*) from core.status_changes b where b.entity_id = r.id and b.machine = r.machine) = case r.status when 'executed' then case r.machine when 'payout' then 2 else 3 end when 'rejected' then 2 else 1 end as unbroken
  from (select 'proposal' as machine, p.id, p.status, p.wallet_id from treasury.proposals p union all select 'payout', x.id, x.status, p.wallet_id from treasury.payouts x join treasury.proposals p on p.id = x.proposal_id union all select 'reconciliation', c.id, c.status, c.wallet_id from treasury.reconciliations c
    union all select 'payment_intent', i.id, i.status, (select id from pg_temp.wallets_0877 limit 1) from treasury.payment_intents i where i.idempotency_key like 'testdata-' || testdata.seed_tag(42877) || '-%') r
  left join lateral (select c.to_status from core.status_changes c where c.entity_id = r.id and c.machine = r.machine order by c.occurred_at desc limit 1) s on true where r.wallet_id in (select id from pg_temp.wallets_0877)) h group by machine;
select count(*) = 8, bool_and((select count(*) = 2 from treasury.sanctions_names n where n.list = s.list and n.uid = s.uid)) from treasury.sanctions_entries s where s.list = 'TESTDATA-' || testdata.seed_tag(42877);
select count(*) = 3, max(rate) < 1.01 * min(rate) from treasury.exchange_rates where base = 'BTC' and source like 'testdata-' || testdata.seed_tag(42877) || '-%' and occurred_at = '2026-08-01 00:00+00';
select count(*) > 5, bool_and(status = 'signed_off' and difference = 0 and signed_off_by <> prepared_by and statement_balance = treasury.wallet_ledger(wallet_id, currency, as_of)) from treasury.reconciliations where wallet_id in (select id from pg_temp.wallets_0877);
select testdata.hash_chain(null, i) = sha256(sha256('\x01'::bytea) || '\x02'::bytea), testdata.link_hash(null, '\x01', '\x02') = sha256('\x0102'), count(*) = 2 from unnest(array['\x01', '\x02']::bytea[]) i;
select tgenabled = 'O' from pg_trigger where tgname = 'entries_stamp' and tgrelid = 'treasury.entries'::regclass;
set local testdata.allow = off;
select blueprint.raises('select testdata.gen_treasury(42877, 0, 10, 0.001)', '42501', 'not allowed');
select count(*) = 1, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name = 'gen_treasury' and after = '{gen_transactions}' and chunk_rows = 100000000;

-- revert
delete from testdata.generators where name = 'gen_treasury';
drop function testdata.gen_treasury;
drop aggregate testdata.hash_chain(bytea, bytea);
drop function testdata.link_hash;
