-- What is asked about one patient, whichever side of the pair they stand on.
create index match_review_b on match_review (practice_id, patient_b);
