-- Room treasury: one row of everything that money leaves behind; what finance reads and what compliance reads are told apart.
insert into treasury.funds (id, code, title, manager_id) values (id('fund'), 'canary', 'Canary', id('ada'));
insert into treasury.accounts (id, code, path, name, type, normal_side) values (id('account'), 'canary', 'canary', 'Canary', 'asset', 'debit');
insert into treasury.entries (id, number, effective_on, kind, source_kind, source_id, posted_by) values (id('entry'), 'CANARY', '2026-01-01', 'donation', 'canary', id('gift ada'), id('fin'));
insert into treasury.postings (entry_id, line_no, account_id, currency, amount, amount_usd) values (id('entry'), 1, id('account'), 'USD', 1, 1);
insert into treasury.budgets (id, fund_code, account_id, period, limit_usd) values (id('budget'), 'canary', id('account'), '[2026-01-01,)', 1);
insert into treasury.closed_months (month) values ('1999-01-01');
insert into treasury.month_events (id, month, event) values (id('month event'), '1999-01-01', 'closed');

insert into treasury.payment_intents (id, user_id, fund_code, amount_usd, currency, chain, idempotency_key, expires_at) values
  (id('intent ada'), id('ada'), 'canary', 1, 'USD', 'fiat', 'canary-ada', now()), (id('intent guest'), null, 'canary', 1, 'USD', 'fiat', 'canary-guest', now());
insert into treasury.intent_payments (intent_id, txid, amount, received_at) values (id('intent ada'), 'canary', 1, now());

insert into treasury.wallet_signers (id, wallet_id, user_id, during) values (id('signer ada'), id('wallet multisig'), id('ada'), running());
insert into treasury.proposals (id, wallet_id, kind, to_address, currency, amount, amount_usd, proposed_by, expires_at) values
  (id('proposal'), id('wallet multisig'), 'payout', 'canary', 'BTC', 1, 1, id('bob'), now());
insert into treasury.approvals (proposal_id, signer_id, payload_sha256, signature) values (id('proposal'), id('ada'), digest('payload'), digest('signature'));
insert into treasury.payouts (id, proposal_id, payee_id, budget_id, amount_usd, currency, amount) values (id('payout'), id('proposal'), id('ada'), id('budget'), 1, 'BTC', 1);
insert into treasury.allowed_addresses (chain, address_norm, label) values ('bitcoin', 'canary', 'canary');

insert into treasury.reconciliations (id, wallet_id, currency, as_of, statement_balance, ledger_balance) values (id('reconciliation'), id('wallet hot'), 'BTC', now(), 1, 1);
insert into treasury.reconciliation_items (id, reconciliation_id, transaction_id, kind, amount) values (id('reconciliation item'), id('reconciliation'), id('movement of nobody'), 'matched', 1);
insert into treasury.chain_checkpoints (chain, height, block_hash) values ('bitcoin', 1, 'canary');
insert into treasury.exchange_rates (base, quote, source, occurred_at, rate) values ('CANARY', 'USD', 'canary', now(), 1);
insert into treasury.rate_overrides (id, base, quote, rate, at, reason, proposed_by) values (id('override'), 'CANARY', 'USD', 1, now(), 'canary', id('fin'));

insert into treasury.aml_screenings (id, subject_kind, subject_id, list_version, verdict) values (id('screening'), 'user', id('ada'), 'canary', 'review');
insert into treasury.sanctions_entries (list, uid, name, list_version) values ('canary', '1', 'Canary', 'canary');
insert into treasury.sanctions_names (list, uid, name) values ('canary', '1', 'canary');
insert into treasury.cleared_matches (id, subject_kind, subject_id, list, uid, reason, expires_at) values (id('cleared'), 'user', id('ada'), 'canary', '1', 'canary', now() + interval '1 day');
