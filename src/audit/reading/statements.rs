//! One statement after the other: its signature, its place in the chain of its key, whether its key
//! might sign it, and what its signer saw.

use super::{Reader, Verdict};
use crate::audit::bundles::{ReadEntry, recompute_leaves};
use crate::audit::clocks::check_capture;
use crate::audit::finding::{Outcome, Rule, Subject};
use crate::statement::authority::{Authority, Refused, Signer};
use crate::statement::bodies::Body;
use crate::statement::chain::{ChainFault, check_seen};
use crate::statement::envelope::Statement;
use crate::statement::signature::{SignatureFault, Signed};
use crate::tlog::hash::Position;

impl Reader<'_> {
    pub(super) fn take_up_entry(&mut self, entry: &ReadEntry, verdict: Verdict<'_>) {
        let position = Position(self.position);
        let admitted_before = self.counts.admitted;
        match (&entry.statement, verdict) {
            (Ok(statement), Some(verdict)) => self.take_up_checked(position, statement, verdict),
            (Ok(_), None) => {
                let what =
                    format!("statement {position}: without statement 0 its ledger is unknown");
                self.refuse(position, "ledger-unknown", what);
            }
            (Err(fault), _) => {
                let what = format!("statement {position}: {fault}");
                self.refuse(position, "statement-unreadable", what);
            }
        }
        if self.counts.admitted == admitted_before {
            self.not_admitted.push(position);
        }
        self.counts.read += 1;
        self.position += 1;
        self.push_leaf(entry.leaf);
    }

    fn take_up_checked(
        &mut self,
        position: Position,
        statement: &Statement,
        verdict: Result<Signed<'_>, SignatureFault>,
    ) {
        self.shown.learn(statement);
        let key = statement.header.key;
        match verdict {
            // Its key is shown further on, in the same lot: as good as nowhere.
            _ if self.shown.get(&key).is_none() => {
                self.take_up_unsigned(position, statement, SignatureFault::UnknownKey(key));
            }
            Ok(signed) => self.take_up_signed(position, statement, signed),
            Err(fault) => self.take_up_unsigned(position, statement, fault),
        }
    }

    /// A signature that does not match, or a key that nothing shows. The second cannot be judged where
    /// what would show the key is missing, or is of a kind this program does not know.
    fn take_up_unsigned(
        &mut self,
        position: Position,
        statement: &Statement,
        fault: SignatureFault,
    ) {
        let what = format!("statement {position}: {fault}");
        let SignatureFault::UnknownKey(_) = fault else {
            return self.refuse(position, "signature-differs", what);
        };
        let mut undecidable = false;
        if let Some(authority) = &mut self.authority {
            authority.pass_over(position, statement);
            undecidable = authority.undecidable().is_some();
        }
        if undecidable || self.first_hole.is_some() {
            let subject = Subject::Statement(position);
            self.out.add(Rule::R03, Outcome::CannotCheck, "key-unknown", subject, what);
        } else {
            self.refuse(position, "key-unknown", what);
        }
    }

    fn refuse(&mut self, position: Position, code: &'static str, what: String) {
        self.out.add(Rule::R03, Outcome::Fail, code, Subject::Statement(position), what);
        self.first_hole.get_or_insert(position);
    }

    fn take_up_signed(&mut self, position: Position, statement: &Statement, signed: Signed<'_>) {
        if position.0 == 0 {
            match Authority::found(signed) {
                Ok(authority) => {
                    self.authority = Some(authority);
                    self.count_admitted(position, statement, Signer::Root);
                    self.chains.take_up(statement.header.key, 0, statement.id());
                }
                Err(fault) => self.refuse(position, "no-genesis", format!("statement 0: {fault}")),
            }
            return;
        }
        if !self.check_chain(position, statement) {
            return;
        }
        let Some(signer) = self.admit(position, signed) else { return };
        self.check_seen(position, statement, signer);
        self.count_admitted(position, statement, signer);
    }

    /// Rule R01. A statement of another ledger goes no further: it says nothing here.
    fn check_chain(&mut self, position: Position, statement: &Statement) -> bool {
        let ledger = self.ledger.expect("audit: a checked signature has a ledger");
        let (key, chain) = (statement.header.key, &statement.payload.chain);
        let before = self.chains.last(&key).map(|link| link.id);
        let fault = self.chains.check(&key, ledger, chain);
        if fault != Err(ChainFault::OtherLedger) {
            self.chains.take_up(key, chain.seq, statement.id());
            // One that names the statement it follows is told as such below.
            let told = before.filter(|_| fault == Err(ChainFault::VoidsFiled));
            self.voids.take_up(position, &chain.void, told);
        }
        let Err(fault) = fault else { return true };
        let what = format!("statement {position} by key {key}: {fault}");
        let (outcome, what) = match (fault, self.first_hole) {
            (ChainFault::Gap { .. } | ChainFault::OtherPast, Some(hole)) => (
                Outcome::CannotCheck,
                format!("{what} (or it is one that cannot be read, from {hole} on)"),
            ),
            _ => (Outcome::Fail, what),
        };
        self.out.add(Rule::R01, outcome, chain_code(fault), Subject::Statement(position), what);
        fault != ChainFault::OtherLedger
    }

    fn admit(&mut self, position: Position, signed: Signed<'_>) -> Option<Signer> {
        let subject = Subject::Statement(position);
        let Some(authority) = &mut self.authority else {
            let what = format!("statement {position}: without a genesis nobody may sign");
            self.out.add(Rule::R03, Outcome::CannotCheck, "no-authority", subject, what);
            return None;
        };
        let (roots, folder) = (&mut self.roots, self.folder);
        // Authority passes over a root that it is not given, for readers of a part of the ledger.
        let mut unknown = None;
        let mut root_at = |size| {
            let root = roots.root_at(size, |bundle| recompute_leaves(folder, bundle));
            unknown = unknown.or(root.is_none().then_some(size));
            root
        };
        match authority.admit(position, signed, &mut root_at) {
            Ok(signer) => {
                if let Some(size) = unknown {
                    let what = format!(
                        "statement {position}: the root at size {size} that it trusts cannot be \
                         recomputed"
                    );
                    let (rule, outcome) = (Rule::R03, Outcome::CannotCheck);
                    self.out.add(rule, outcome, "trusted-unknown", subject, what);
                }
                Some(signer)
            }
            Err(fault) => {
                let what = format!("statement {position} is not admitted: {fault}");
                let (outcome, what) = match (&fault, self.first_hole) {
                    (Refused::Undecidable(_), _) => (Outcome::CannotCheck, what),
                    (Refused::NotGranted | Refused::NotForVisitors(_), Some(hole)) => (
                        Outcome::CannotCheck,
                        format!("{what} (or its grant cannot be read, from {hole} on)"),
                    ),
                    _ => (Outcome::Fail, what),
                };
                self.out.add(Rule::R03, outcome, "not-admitted", subject, what);
                None
            }
        }
    }

    fn check_seen(&mut self, position: Position, statement: &Statement, signer: Signer) {
        let (roots, folder) = (&mut self.roots, self.folder);
        let required = signer.must_name_what_it_saw();
        let root_at =
            |size| roots.root_at(size, |bundle| recompute_leaves(folder, bundle)).ok_or(());
        let subject = Subject::Statement(position);
        match check_seen(&statement.payload.chain, position, required, root_at) {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => {
                let what = format!("statement {position}: {fault}");
                self.out.add(Rule::R01, Outcome::Fail, chain_code(fault), subject, what);
            }
            Err(()) => {
                let what =
                    format!("statement {position}: the root its signer saw cannot be recomputed");
                self.out.add(Rule::R01, Outcome::CannotCheck, "seen-unknown", subject, what);
            }
        }
    }

    fn count_admitted(&mut self, position: Position, statement: &Statement, signer: Signer) {
        self.counts.admitted += 1;
        self.clocks.check_signer(position, statement, self.out);
        match &statement.payload.body {
            Body::Anchor(anchor) => {
                self.counts.anchors += 1;
                self.count_rows(position, anchor.rows);
                check_capture(position, statement, anchor, self.out);
            }
            Body::Affirm(_) | Body::Correction(_) | Body::Erase(_) => self.anything_restated = true,
            Body::Unknown { .. } => self.counts.not_understood += 1,
            _ => {}
        }
        self.standing.take_up(position, statement, signer);
        self.record.take_up(position, statement);
    }

    /// Rows are what an anchor says. Where the sum goes beyond what this program counts, that is said
    /// once, and the sums of the report end there.
    fn count_rows(&mut self, position: Position, rows: u64) {
        match self.rows_anchored.checked_add(rows) {
            Some(sum) => self.rows_anchored = sum,
            None if self.rows_anchored == u64::MAX => {}
            None => {
                self.rows_anchored = u64::MAX;
                let what = format!(
                    "the anchors up to statement {position} claim more than 2^64 rows: how many \
                     files they speak of cannot be counted"
                );
                let subject = Subject::Statement(position);
                self.out.add(Rule::R10, Outcome::Fail, "rows-uncountable", subject, what);
            }
        }
    }
}

fn chain_code(fault: ChainFault) -> &'static str {
    match fault {
        ChainFault::OtherLedger => "replayed",
        ChainFault::Gap { .. } => "statement-missing",
        ChainFault::Repeat { .. } => "numbered-twice",
        ChainFault::OtherPast => "other-past",
        ChainFault::PastAtStart => "past-at-start",
        ChainFault::VoidsFiled => "voids-filed",
        ChainFault::SawTheFuture { .. } => "saw-the-future",
        ChainFault::SawOtherRoot { .. } => "saw-other-root",
        ChainFault::SawNothing => "saw-nothing",
    }
}
