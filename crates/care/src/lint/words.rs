//! The words that no text, voicemail or subject line may carry, English and Spanish.
//!
//! Entries are folded (lower case, no accents); several words are a phrase; a
//! trailing `*` matches every ending. Everyday meanings decide what is listed:
//! `back` is only a body part after `your` or `lower`, because people are called
//! back; `hip` always is. The lists are our own and grow with what clinics write.

use super::Code;

/// Phrases with the finding that they are.
pub(super) const DENIED: &[(Code, &[&str])] = &[
    (Code::Diagnosis, DIAGNOSES),
    (Code::BodyPart, BODY_PARTS),
    (Code::Procedure, PROCEDURES),
    (Code::Payer, PAYERS),
    (Code::Amount, AMOUNTS),
    (Code::Score, SCORES),
    (Code::Credential, CREDENTIALS),
    (Code::BirthDate, BIRTH),
    (Code::RecordNumber, RECORDS),
];

const DIAGNOSES: &[&str] = &[
    // English
    "diagnos*", "pain", "painful", "ache", "aches", "aching", "arthriti*", "osteoarthriti*",
    "osteopor*", "sciatica", "stenosis", "herniat*", "slipped disc", "slipped disk",
    "bulging disc", "bulging disk", "fracture*", "broken bone", "sprain*", "strained", "strains",
    "tendinit*", "tendonit*", "tendinopath*", "tendinosis", "bursitis", "fasciitis", "scoliosis",
    "spondyl*", "fibromyalgia", "impingement", "dislocat*", "whiplash", "concussion*", "tmj",
    "vertigo", "dizziness", "neuropath*", "radiculopath*", "stroke", "parkinson", "parkinsons",
    "multiple sclerosis", "paraly*", "hemipare*", "incontinen*", "prolapse*", "lymphedema",
    "lymphoedema", "cancer", "tumor*", "tumour*", "diabet*", "dementia", "alzheimer*", "autis*",
    "depress*", "anxiety", "addict*", "hiv", "pregnan*", "postpartum", "torn", "carpal tunnel",
    "tennis elbow", "injury", "injuries", "injured", "swelling", "swollen", "your condition",
    // Spanish
    "dolor", "dolores", "doloros*", "artritis", "artrosis", "osteoartritis", "ciatica", "hernia*",
    "estenosis", "fractur*", "esguince*", "desgarro*", "tendinitis", "tendinopatia", "fascitis",
    "escoliosis", "derrame cerebral", "ictus", "mareo*", "neuropatia", "paralisis", "embaraz*",
    "posparto", "postparto", "lesion", "lesiones", "lesionad*", "hinchazon", "hinchad*",
    "demencia", "depresion", "ansiedad", "adiccion*", "prolapso*", "linfedema", "su enfermedad",
    "su padecimiento",
];

const BODY_PARTS: &[&str] = &[
    // English
    "your back", "low back", "lower back", "upper back", "mid back", "back injury", "back care",
    "back program", "back exercises", "spine", "spinal", "lumbar", "cervical", "thoracic", "neck",
    "knee", "knees", "shoulder", "shoulders", "hip", "hips", "ankle", "ankles", "elbow", "elbows",
    "wrist", "wrists", "your hand", "your hands", "hand therapy", "finger", "fingers", "thumb",
    "thumbs", "your arm", "your arms", "your leg", "your legs", "leg exercises", "arm exercises",
    "your foot", "your feet", "heel", "toe", "toes", "calf", "calves", "thigh", "thighs",
    "hamstring", "hamstrings", "quadriceps", "achilles", "rotator cuff", "acl", "pcl", "mcl",
    "meniscus", "pelvis", "pelvic", "groin", "bladder", "bowel", "jaw", "rib", "ribs", "sacroiliac",
    "si joint", "joint", "joints", "disc", "discs", "tendon", "tendons", "ligament", "ligaments",
    "your head", "your chest",
    // Spanish
    "espalda", "columna", "cuello", "rodilla", "rodillas", "hombro", "hombros", "cadera",
    "caderas", "tobillo", "tobillos", "codo", "codos", "muneca", "munecas", "su mano", "sus manos",
    "la mano", "dedo", "dedos", "su brazo", "brazo", "brazos", "pierna", "piernas", "su pie",
    "sus pies", "talon", "pantorrilla", "pantorrillas", "muslo", "muslos", "ingle", 
    "pelvic*", "vejiga", "mandibula", "costilla", "costillas", "articulacion*", 
    "tendones", "ligamento*", "menisco*", "manguito rotador", "su cabeza", "su pecho",
];

const PROCEDURES: &[&str] = &[
    // English
    "surger*", "surgical*", "operation", "post op", "postop", "pre op", "preop", "replacement",
    "arthroplast*", "arthroscop*", "laminectom*", "spinal fusion", "reconstruction", "implant*",
    "prosthe*", "amputat*", "injection*", "dry needling", "needling", "acupuncture", "cupping",
    "manual therapy", "joint mobilization", "spinal manipulation", "ultrasound", "traction",
    "electrical stimulation", "mri", "ct scan", "x ray", "x rays", "xray", "biopsy", "chemotherapy",
    "radiation", "cpt",
    // Spanish
    "cirug*", "quirurgic*", "operacion*", "reemplazo*", "protesis", "artroscop*", "amputacion*",
    "inyeccion*", "infiltracion*", "puncion seca", "acupuntura", "terapia manual", "ultrasonido",
    "traccion", "resonancia", "radiografia*", "biopsia", "quimioterapia",
];

const PAYERS: &[&str] = &[
    // English
    "medicare", "medicaid", "medi cal", "tricare", "aetna", "cigna", "humana", "anthem", "bcbs",
    "blue cross", "blue shield", "united healthcare", "unitedhealthcare", "uhc", "kaiser",
    "molina healthcare", "centene", "ambetter", "wellcare", "healthnet", "oscar health",
    "liberty mutual", "workers comp", "workers compensation", "workmans comp", "auto insurance",
    "insurance", "insurer*", "your health plan", "deductible", "prior authorization",
    // Spanish: `seguro` alone also means safe, so only phrases.
    "seguro medico", "su seguro", "aseguradora*", "compania de seguros", "seguros",
    "compensacion laboral", "su plan de salud", "deducible", "autorizacion previa",
];

const AMOUNTS: &[&str] = &[
    "copay*", "co pay", "co pays", "coinsurance", "balance due", "your balance", "amount due",
    "past due", "you owe", "your bill", "copago*", "su saldo", "saldo pendiente", "monto", "adeuda",
    "su factura",
];

const SCORES: &[&str] = &[
    "score", "scores", "scored", "nprs", "psfs", "lefs", "oswestry", "odi", "ndi", "quickdash",
    "quick dash", "rmdq", "roland morris", "groc", "fabq", "tsk", "promis", "koos", "hoos", "phq",
    "gad 7", "puntaje*", "puntuacion*",
];

const CREDENTIALS: &[&str] = &[
    // What a title or a service line would tell whoever reads over a shoulder.
    "pelvic health", "pelvic floor", "womens health", "women s health", "mens health", "wcs",
    "prpc", "oncolog*", "lymphedema therapist", "clt lana", "behavioral", "behavioural",
    "psych*", "mental health", "substance use", "rehab counsel*", "lcsw", "lmft", "suelo pelvico",
    "piso pelvico", "salud de la mujer", "salud mental", "psicolog*", "psiquiatr*",
    "conductual",
];

const BIRTH: &[&str] = &[
    "dob", "date of birth", "birth date", "birthdate", "birthday", "born on", "fecha de nacimiento",
    "cumpleanos", "nacido el", "nacida el",
];

const RECORDS: &[&str] = &[
    "mrn", "medical record", "record number", "chart number", "patient id", "patient number",
    "account number", "member id", "ssn", "social security", "expediente", "historia clinica",
    "numero de paciente", "seguro social", "numero de cuenta",
];

/// Hosts that hide where a link leads. Carriers filter texts that carry them.
pub(super) const SHORTENERS: &[&str] = &[
    "adf.ly", "bit.ly", "bitly.com", "bl.ink", "buff.ly", "clck.ru", "cutt.ly", "dub.sh", "goo.gl",
    "is.gd", "lnkd.in", "ow.ly", "rb.gy", "rebrand.ly", "s.id", "short.gy", "short.io",
    "shorturl.at", "shorte.st", "soo.gd", "t.co", "t.ly", "tiny.cc", "tiny.one", "tinyurl.com",
    "tr.im", "v.gd", "x.co",
];

/// Verbs that ask for an answer.
pub(super) const ANSWER_VERBS: &[&str] = &[
    "reply", "text", "answer", "send", "respond", "responda", "conteste", "envie", "mande",
    "escriba",
];

/// Words that carriers act on before we see them: the opt-out set, and words
/// that opt in again at some. Asking for one of them as an answer about a visit
/// would silence the patient.
pub(super) const CARRIER_WORDS: &[&str] = &[
    "cancel", "end", "quit", "yes", "stopall", "unsubscribe", "revoke", "optout", "remove",
    "cancelar", "parar", "basta",
];
