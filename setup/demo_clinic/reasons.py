"""Why an item is held back, in the words of the report."""

REASONS = {
    "disputed": "The invoice is disputed",
    "no_followup": "The invoice is excluded from follow-up",
    "planned": "A payment plan covers it",
    "switched_off": "Follow-up is switched off for this person",
    "no_policy": "No policy applies",
    "standstill": "The policy stands still",
    "pending": "A reminder is already on its way",
    "postponed": "The next reminder was postponed",
    "spacing": "The last reminder is too recent",
}

COVERED = "Credits cover what is due"
SMALL = "What is due is under the tolerance"
NOT_YET = "No level is reached today"
