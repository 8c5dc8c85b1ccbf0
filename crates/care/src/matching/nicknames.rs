//! Short forms of given names, English and Spanish.
//!
//! One line a name: the full form (and its spellings), then what people call
//! each other. A short form may stand on several lines (`alex`, `pat`); two
//! names are one when some line has both. Written down from common usage.

/// Tells whether two folded given names are forms of one name.
pub(super) fn same_name(a: &str, b: &str) -> bool {
    FORMS.iter().any(|line| {
        let has = |name: &str| line.split(' ').any(|form| form == name);
        has(a) && has(b)
    })
}

#[rustfmt::skip]
const FORMS: &[&str] = &[
    // English, men
    "abraham abe", "albert al bert bertie", "alexander alec alex sandy xander lex", "alfred al alf fred",
    "andrew andy drew", "anthony antony tony", "arthur art artie", "benjamin ben benny benji",
    "bernard bernie", "bradley brad", "calvin cal", "charles charlie charley chuck chas",
    "christopher chris topher kit", "clifford cliff", "daniel dan danny", "david dave davey davy",
    "dennis denny", "dominic dom nick", "donald don donnie", "douglas doug", "edward ed eddie ned ted teddy",
    "edwin ed eddie", "eugene gene", "francis frank frankie fran", "franklin frank", "frederick frederic fred freddie freddy rick",
    "gabriel gabe", "gerald gerry jerry", "gerard gerry", "geoffrey jeffrey jeff geoff", "george georgie",
    "gregory greg", "harold hal harry", "henry hank harry hal", "howard howie", "isaac ike zac",
    "jacob jake jakob", "james jim jimmy jamie jem", "jeremy jeremiah jerry", "jerome jerry", "john jon johnny jack",
    "jonathan jonathon jon johnny nathan", "joseph joe joey jo", "joshua josh", "kenneth ken kenny", "lawrence laurence larry",
    "leonard len lenny leo", "leroy roy", "louis lewis lou louie", "marvin marv", "matthew matt", "maurice morris moe",
    "maxwell maximilian max", "michael mike mikey mick mickey", "mitchell mitch", "nathaniel nathan nate nat",
    "nicholas nicolas nick nicky", "norman norm", "oliver ollie", "patrick pat paddy", "peter pete", "philip phillip phil",
    "randall randolph randy", "raymond ray", "reginald reg reggie", "richard rich richie rick ricky dick",
    "robert rob robbie bob bobby bert", "rodney rod", "roger rog", "ronald ron ronnie", "russell russ", "samuel sam sammy",
    "solomon sol", "stanley stan", "stephen steven steve stevie", "stuart stewart stu", "terence terrence terry",
    "theodore ted teddy theo", "thomas tom tommy", "timothy tim timmy", "vernon vern", "victor vic", "vincent vince vinny",
    "walter walt wally", "wesley wes", "william will bill billy willie liam", "zachary zachariah zach zack zak",
    // English, women
    "abigail abby gail", "alexandra alexandria alex alexa sandra sandy lexi", "alice allie", "allison alison allie ali",
    "amanda mandy", "amelia amy millie", "angela angie", "ann anne anna annie nan nancy", "antoinette toni nettie",
    "barbara barb barbie babs", "beatrice bea trixie", "belinda bel linda", "beverly bev", "bridget bridie biddy",
    "candace candice candy", "carol carole caroline carolyn carrie caro lyn", "cassandra cassie sandra", "catherine katherine kathryn cathryn katharine kate kathy cathy katie kay kit kitty katy",
    "charlotte charlie lottie", "christine christina christa chris chrissy tina", "clarissa clara", "constance connie", "cynthia cindy",
    "danielle dani", "deborah debra deb debbie", "delores dolores dee lola", "diana diane di", "dorothy dot dottie dolly",
    "eleanor elinor ellie nell nora", "elizabeth elisabeth liz lizzie lisa beth betty betsy bess eliza libby liza elsie",
    "emily em emmy", "emma em", "esther essie", "eugenia gene", "evelyn eve evie", "florence flo", "frances fran frannie",
    "gabrielle gabriella gabby", "genevieve gen", "georgia georgina georgie", "geraldine gerry jerry", "gertrude trudy gert",
    "gwendolyn gwen", "harriet hattie", "heather heath", "helen nell ellen", "henrietta etta hettie", "isabel isabelle isabella bella belle izzy",
    "jacqueline jackie", "jane janie jenny", "janet jan", "janice jan", "jean jeanne jeannie", "jennifer jen jenny jenn", "jessica jess jessie",
    "joan joanie", "joanne joanna jo", "josephine jo josie", "joyce joy", "judith judy judi", "julia julie jules", "juliana juliet julie",
    "kimberly kim kimmy", "kristin kristen kristina kris kristy tina", "laura laurie", "lauren laurie", "leslie les", "lillian lily lil",
    "linda lindy lin", "lucille lucy", "lucinda lucy cindy", "lydia liddy", "madeline madeleine maddie", "marcia marcy", "margaret marge margie maggie meg megan peggy peg greta daisy rita",
    "marianne mary anne", "marilyn mary", "marjorie marge margie", "martha marty mattie", "mary marie maria molly polly mamie", "matilda tilly",
    "megan meg", "melanie mel", "melinda mindy linda", "melissa mel missy lissa", "mercedes mercy", "meredith merry", "michelle michele shelly", "mildred millie",
    "miranda mandy randi", "miriam mimi", "nancy nan", "natalie nat", "natasha tasha", "nicole nicky nikki", "olivia liv livvy",
    "pamela pam", "patricia pat patty patti tricia trish", "paula polly", "penelope penny", "philippa pippa", "phyllis phyl", "priscilla cilla",
    "rachel rae", "rebecca becca becky", "roberta bobbie robbie", "rosalind roz", "rosemary rose rosie", "ruth ruthie", "sabrina bri",
    "samantha sam sammie", "sarah sara sally sadie", "sharon shari", "sheila shelly", "shirley shirl", "stephanie steph stevie", "susan suzanne susanna sue susie suzy",
    "sylvia syl", "tabitha tabby", "tamara tammy", "teresa theresa terry tess tessa", "tiffany tiff", "valerie val", "vanessa nessa",
    "veronica vera ronnie", "victoria vicky vicki tori", "virginia ginny ginger", "vivian viv", "wilhelmina wilma mina", "winifred winnie", "yvonne vonnie",
    // Spanish, men
    "alberto beto", "alejandro alex ale jandro", "alfonso poncho fonso", "alfredo fredo", "andres andy", "antonio tono tony toni", "arturo turo",
    "benjamin benja", "carlos carlitos charly", "cristian cris", "cristobal cris", "daniel dani", "eduardo lalo edu eddie", "emilio milo", "enrique kike quique", "ernesto neto",
    "federico fede", "felipe pipe", "fernando fer nando", "francisco paco pancho kiko cisco frank", "gabriel gabo", "gerardo lalo gera jerry", "gilberto beto", "gonzalo gonza",
    "guadalupe lupe lupita", "guillermo memo guille willy", "gustavo gus tavo", "hector tito", "heriberto beto", "humberto beto", "ignacio nacho", "jaime jimmy", "javier javi",
    "jesus chuy chucho", "joaquin quino", "jorge coque george", "jose pepe joe chepe", "josemaria chema", "juan juanito john", "julio julito", "leonardo leo", "lorenzo lencho",
    "luis lucho luisito", "manuel manny manolo manolito", "mario mayito", "mateo teo", "miguel migue mike mickey", "nicolas nico", "octavio tavo", "oscar osqui", "pablo pablito", "pedro perico pete",
    "rafael rafa", "ramon moncho", "raul rulo", "ricardo rick ricky richi", "roberto beto rob bobby", "rodolfo fito rudy", "rodrigo rodri", "salvador chava sal", "santiago santi chago", "sebastian sebas", "sergio checo",
    "tomas tomy", "vicente chente", "victor vico",
    // Spanish, women
    "adriana adri", "alejandra ale alex", "alicia licha", "ana anita", "andrea andi", "antonia toni tona", "beatriz bea betty", "carmen carmelita", "carolina caro", "catalina cata kathy", "cecilia ceci", "concepcion concha conchita connie",
    "consuelo chelo connie", "cristina cris tina", "daniela dani", "dolores lola lolita", "elena nena", "esperanza pera", "eugenia genia", "fernanda fer", "francisca paca paquita", "gabriela gaby", "gloria glo", "gracia chela", "graciela chela",
    "guillermina guille mina", "isabel chabela isa", "josefa pepa josefina", "josefina fina pepa", "juana juanita", "leticia lety", "lourdes lulu", "lucia lucy lucha", "luisa lucha", "luz lucha", "magdalena magda lena malena", "manuela manola", "margarita mago rita", "maria mari mary",
    "mariadelcarmen carmen", "marisol mari", "marta martha", "mercedes meche merche", "monica moni", "natalia nati", "patricia paty pati", "pilar pili", "refugio cuca", "rocio chio", "rosa rosita rosi", "rosario charo chayo", "silvia chivis", "sofia sofi", "socorro coco", "soledad sole chole",
    "susana susi", "teresa tere teresita", "valentina vale", "veronica vero", "victoria vicky", "yolanda yoli",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_meet_and_names_stay_apart() {
        for (a, b) in [
            ("william", "bill"),
            ("peggy", "margaret"),
            ("pepe", "jose"),
            ("chuy", "jesus"),
            ("bob", "rob"),
        ] {
            assert!(same_name(a, b) && same_name(b, a), "{a} {b}");
        }
        for (a, b) in [
            ("john", "joan"),
            ("maria", "mario"),
            ("bill", "bob"),
            ("", ""),
        ] {
            assert!(!same_name(a, b), "{a} {b}");
        }
    }

    #[test]
    fn lines_are_folded_and_have_two_forms() {
        for line in FORMS {
            assert!(line.split(' ').count() >= 2, "{line}");
            assert!(
                line.bytes().all(|b| b.is_ascii_lowercase() || b == b' '),
                "{line}"
            );
        }
    }
}
