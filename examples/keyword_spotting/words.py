"""What is said: the keywords, and the words a keyword must not be mistaken for."""

from __future__ import annotations

KEYWORDS = ("happy", "marvin", "seven")
LABELS = (*KEYWORDS, "unknown", "silence")

# Neighbours of the keywords: rhymes, shared beginnings and endings, one or two sounds changed. These get most of the
# unknown class's attention, because they are where false alarms come from.
NEIGHBOURS = tuple(
    """
    heavy happen happens hippie hobby snappy nappy sappy chappy flappy puppy poppy guppy copy hap
    apathy habit having hampered hammy hurry hairy holly hockey handy candy hefty have heap appy apple haply pappy

    martin marvel marvellous carving starving marble margin marlin moving mavin harbin garden bargain carbon
    mar marv vin marine margarine marching marking marrying melvin calvin kelvin mervin arvin darwin raven robin
    morning mark market martian mine mountain parsing driving arriving carvin nothing turbine begin muffin penguin

    eleven heaven sever several severn savvy sieve seventh seventy seventeen leaven devon kevin seventies severed
    evan even evening steven sullen sudden seldom cellar sever sadden sermon salmon savour sadness beaven given ribbon
    send said sell set sex says second section lesson lemon weapon melon oven haven raven cousin season reason often
    sev ven seb sev-en sweat swim stephen sermon cement system siphon silver shaven shove seen
    """.split()
)

COMMANDS = tuple(
    """
    bed bird cat dog down eight five four go house left nine no off on one right sheila six stop three tree two up wow
    yes zero backward forward follow learn visual
    """.split()
)

COMMON = tuple(
    """
    about above accident account across action active actor address adult after afternoon again against ago agree air
    airport alarm album alive allow almost alone along already also always amazing among amount anchor angry animal
    answer any apartment appear april area arm army around arrive art ask attack august author away baby back bad bag
    bake balance ball banana band bank basket bathroom battle beach bear beautiful because become before behind believe
    below better between bicycle big black blanket blood blue board boat body book bottle bottom box boy brain branch
    bread break breakfast bridge bright bring brother brown brush bucket build burn bus business busy butter button
    buy cable cake call camera camp can cancel capital captain car card careful carry castle catch cause center chair
    chance change chapter cheap check cheese chicken child chocolate choose church circle city class clean clear climb
    clock close cloud coat coffee cold collect college colour come company compare complete computer condition
    cook corner correct cotton count country cover cream create cross crowd cry culture cup cut dance danger dark date
    daughter day dead dear december decide deep degree deliver desk detail develop different difficult dinner direction
    dirty discover distance doctor dollar door double draw dream dress drink drive drop dry during early earth east easy
    eat edge education effect egg either electric elephant else empty end enemy energy engine enjoy enough enter
    equal escape every example except excited exercise expect expensive explain eye face fact factory fair fall family
    famous far farm fast father favourite fear february feed feel female few field fifty fight fill film final find
    finger finish fire first fish fix flat floor flower fly fold food foot forest forget forty forward free
    fresh friday friend from front fruit full fun funny future game gate general gentle get girl give glass goal gold
    good grass great green ground group grow guess guitar gun hair half hall hammer hand happened hard hat hate head
    health hear heart heat height hello help here high hill history hit hold holiday home honest hope horse hospital
    hot hotel hour how hundred hungry husband ice idea imagine important inside interest into iron island january job
    join joke juice july jump june keep key kill kind king kitchen knee knife know ladder lady lake lamp land language
    large last late laugh law lazy lead leaf leave leg lend less letter level library lie life light like line
    lion lip list listen little live local lock long look lose lot loud love low luck lunch machine magic mail make
    man many map match matter maybe meal mean measure meat medicine meeting member memory message metal method middle
    milk million mind minute miss mistake mix mobile model modern moment monday money monkey month moon more mother
    mouse mouth move movie much museum music must name narrow nation nature near neck need never new news next nice
    night noise none normal north nose not note november now number object ocean october offer office oil old
    open opinion orange order other our out over own page pain paint pair paper parent park part party pass past
    path pay peace pen pencil people pepper perfect period person phone photo picture piece pink place plane plant
    plate play please pocket point police pool poor popular possible potato power practice present president press
    pretty price prince print prison private problem program promise proud public pull purple push put quarter queen
    question quick quiet quite radio rain raise reach read ready real really receive record red remember rent repeat
    report rest restaurant result return rice rich ride ring rise river road rock roll room round rule run sad safe
    salt same sand saturday save say school science sea seat see sentence september serious service shadow shake shape
    share sharp sheep ship shirt shoe shop short shoulder shout show shut sick side sign simple since sing sister
    sit size skin sky sleep slow small smell smile smoke snow soap social soft soldier some something song soon
    sorry sound soup south space speak special spell spend spoon sport spring square stand star start station stay
    steal steam step still stone store storm story straight strange street strong student study stupid subject such
    sugar summer sun sunday sure surprise sweet table take talk tall taste taxi tea teach team telephone television
    tell ten tennis terrible test than thank that the theatre there thick thin thing think thirsty thirty this thousand
    through throw thursday ticket tiger time tired title today together tomorrow tonight too tooth top touch towards
    tower town toy train travel trouble true trust try tuesday turn twelve twenty uncle under understand university
    until use usual vegetable very video village visit voice wait walk wall want war warm wash waste watch water way
    weak wear weather wednesday week weight welcome well west wet what wheel when where which white who why wide
    wife wild win wind window wine winter wish with woman wonder wood word work world worry write wrong yard year
    yellow yesterday you young zebra
    """.split()
)

UNKNOWN = tuple(dict.fromkeys((*NEIGHBOURS, *COMMANDS, *COMMON)))
