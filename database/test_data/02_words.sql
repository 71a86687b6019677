-- Test data, the words: names, places and phrases of our own making, and contacts from reserved ranges only (RFC 2606, 5737, 3849; 555-01xx), so that nothing that
-- leaves the database by accident can reach anybody.

-- task: BUILD_0854 create_test_data
-- title: Load word lists and real places; make people, prose and contacts from reserved ranges only
-- does: words holds lists by name and locale (names of twenty cultures, materials, processes, families, uses, tags, the parts of sentences in eight languages), places consistent rows of
--   cities with country, coordinates and zone. list() and grammar() hand them out as arrays; person(), sentence(), mail(), phone(), ip() and ein() are functions of a key.
-- proves: 8,000 contacts lie in reserved ranges only, every zone is one of this server, every country is a country code, no value stands twice in a list, the same key gives the same person.
-- needs: BUILD_0013, BUILD_0853
create table testdata.words (
  list text not null,
  locale text not null default 'und',
  pos int not null,
  value text not null,
  constraint words_list_locale_pos_pk primary key (list, locale, pos),
  constraint words_list_locale_value_key unique (list, locale, value)
);

create table testdata.places (
  n int constraint places_n_pk primary key,
  city text not null,
  region text not null,
  country core.country_code not null,
  latitude numeric(7, 4) not null,
  longitude numeric(7, 4) not null,
  time_zone text not null,
  locale core.locale_tag not null,
  weight double precision not null constraint places_weight_check check (weight > 0),
  constraint places_city_country_key unique (city, country)
);

insert into testdata.words (list, locale, pos, value)
select list, locale, row_number() over (partition by list, locale order by place), replace(value, '_', ' ')
from (values
  ('given', 'und', 'Ada Grace Alan Edith Noor Amara Kwame Zuri Aiko Haruto Mei Jun Linh Minh Priya Arjun Leila Omar Yara Tariq Elif Emre Sofia Mateo Lucia Diego Camila Thiago Ines Joao Chiara Luca Elena Marco Camille Hugo Manon Jules Greta Emil
    Frieda Oskar Saskia Daan Femke Bram Astrid Lars Freja Nils Aino Eero Kasia Piotr Zofia Marek Olena Taras Ilinca Radu Katarina Milos Ioana Bogdan Eleni Nikos Tamar Levan Ayelet Noam Chidi Ngozi Folami Sefu Wanjiru Otieno Thandi
    Sipho Aroha Tane Leilani Kai Nizhoni Takoda Siobhan Conor Rhiannon Dafydd Isla Callum Anahera Wiremu Dilnoza Rustam Aigerim Nurlan Saanvi Vihaan Tuyet Bao Siriporn Anong Putri Bayu Maricel Jomar Solveig Torvald Maelle Yannick
    Brigita Janis Liga Rasa Vytas Signe Teemu Adwoa Kofi Mariama Sekou Hadiza Ibrahim Abena Achieng Adaeze Aditi Afua Agnes Agnieszka Ahmed Aidan Akinyi Akosua Alaric Aleksander Alessia Alejandra Alice Alicja Alma Alvaro Amina Amrita
    Ananya Anders Andrea Andrei Aneta Angela Anika Anja Anneli Antonia Anton Anya Arjuna Armen Arvid Asel Asha Asma Atsuko Aurelie Aylin Ayesha Ayodele Azadeh Barbara Bartosz Beata Beatriz Benedikt Bianca Birgit Blanka Boris Bruna
    Bruno Callista Carlo Carmen Caspar Catalina Cecilia Cedric Celine Cem Chang Charlotte Chiamaka Chinedu Christos Clara Claudia Clement Cosmin Dagmar Dalia Damian Daniela Danuta Dario David Deepa Delphine Denisa Derya Dimitri Dina
    Dora Dorota Dragana Duc Duygu Edda Edgar Efua Eirik Ekaterina Elias Elin Eliska Ella Elodie Elsa Emeka Emilia Emine Enzo Erik Esi Esra Esteban Esther Etsuko Eva Ewa Fabian Fadi Fanni Farah Farid Fatima Fatou Felix Femi Fernanda
    Finn Fiona Florin Francesca Frantz Fredrik Fumiko Gabor Gabriela Gaurav Georgi Gerda Giorgi Giulia Gloria Goran Gudrun Gulnara Gustav Hala Hamza Hana Hanne Harish Hassan Hedda Heidi Helena Hendrik Henrik Hiroshi Hoa Huda Hung Ida
    Idris Ifeoma Ilse Imani Imke Indira Ingrid Irena Irma Isabel Ismail Istvan Ivan Ivana Iveta Jaana Jakub Jan Jana Jasmin Javier Jelena Jesper Jiho Jin Jiri Joana Johanna Jonas Jorge Josefina Juan Judit Julia Kaan Kalinda Kamal
    Kamila Kaori Karim Karin Karl Katja Kavita Kazuo Keiko Kerstin Khadija Kimani Kirsten Klara Konrad Kristof Ksenia Kumiko Lana Lanre Laszlo Laura Lauri Lea Leandro Lena Leon Lidia Lina Ling Livia Lorenzo Lotte Ludmila Luis Luka
    Lukas Lydia Madhu Magda Mai Maja Malik Malin Manuela Mara Marcela Marcos Margit Maria Marija Marta Martin Masako Mathilde Matteo Maya Mehmet Mercy Merve Miguel Mikael Mila Milan Mina Mira Miriam Mohan Monika Moses Nadia Naledi
    Naoko Nasrin Natalia Neema Neha Nia Nicola Nina Nikhil Njeri Noemi Nora Nuno Nuria Obinna Oduya Ola Olga Oliver Olivia Omari Orsolya Otto Paola Paolo Parisa Pascal Patricia Pavel Pedro Petra Pia Pierre Pilar Pooja Quang Rafael
    Rahul Raisa Rania Raquel Ravi Rebeca Reiko Renata Renzo Rikard Rita Roberta Rohan Roland Rosa Roza Ruben Ruta Ruth Sabine Sachiko Sadia Said Salma Samir Sandra Sanjay Sara Sebastian Selin Selma Sergio Shanti Shirin Simone Sina
    Sindre Sita Snezana Sofie Sonja Stefan Stella Sunita Sunniva Suresh Svetlana Sybille Tamara Tanja Tapio Tatiana Tendai Teodora Teresa Thabo Thandeka Theo Thu Tiago Tobias Tomas Tomoko Tove Tuan Ulla Uma Unathi Uri Ursula Valentina
    Valeria Vanessa Vasile Vera Veronika Victor Viktor Vilma Vincent Viola Vivek Vlad Walid Wanda Wei Wen Xenia Ximena Xin Yael Yaw Yelena Yetunde Yoko Yosef Yuki Yusuf Zainab Zdenka Zeynep Zlata Zoe Zola Zoltan'),
  ('family', 'und', 'Lovell Hopkin Marlow Ashdown Okafor Mensah Abiodun Nwosu Tanaka Mori Hayashi Kobayashi Chen Lin Zhao Pham Tran Nguyen Sharma Iyer Banerjee Haddad Khoury Nasser Demir Yilmaz Garcia Herrera Molina Vargas Silva Moreira Rossi Conti
    Ferraro Moreau Lefevre Garnier Brandt Vogel Keller Lindner Jansen Bakker Visser Larsen Holm Nyberg Lund Korhonen Virtanen Kowalska Nowak Wrona Shevchuk Koval Popescu Ionescu Petrovic Horvat Papadaki Vlahos Beridze Gelashvili Cohen
    Peretz Obi Adeyemi Kamau Njoroge Dlamini Khumalo Parata Ngata Kealoha Begay Whitehorse Byrne Gallagher Pryce Morgan Fraser Munro Rakhimov Karimova Abenov Seitkali Patel Reddy Le Hoang Srisai Chaiyo Wijaya Santoso Reyes Bautista
    Haugen Dahl Berger Ozols Kalnina Jonaitis Saar Tamm Owusu Asante Diallo Traore Bello Musa Abebe Aguilar Ahmadi Akbar Akhtar Albrecht Almeida Alvarez Amado Andersson Antonov Arslan Aslanov Azevedo Bajwa Balogun Banda Baranov Barros
    Bartos Baumann Becker Bellini Benali Bergstrom Bianchi Blaas Boateng Bogdanov Borges Botha Boyko Brennan Brugger Cabrera Calder Campos Cardoso Carrasco Castillo Celik Cermak Chanda Chaudhary Cheng Chikwanha Chopra Christensen
    Ciobanu Clarke Coelho Colombo Costa Cruz Cunha Dabrowski Damm Danso Darwish Delgado Desai Deschamps Dias Dimitrov Dobrev Domingo Donnelly Dragan Drozd Duarte Dubois Dumont Dvorak Eder Egede Ekberg Eklund Eldin Eriksson Espinoza
    Esposito Eze Fabre Falk Farouk Farrell Fekete Felber Fernandes Figueroa Filipek Fischbach Flores Fodor Fonseca Forsberg Fournier Frank Fuentes Fujii Galli Gamboa Ganesh Gebre Georgiev Gerber Ghosh Gomes Gonzalez Gordon Gorski
    Grabowski Greco Grimaldi Gruber Guerrero Gunawan Gupta Gustafsson Haas Habib Hagen Hakimi Hall Hamid Hansen Harada Hartmann Hasan Hassani Hegde Heikkinen Henriksen Hernandez Hidalgo Hladik Hoffmann Hoekstra Hosseini Huang Hughes
    Hussain Ibarra Ikeda Imanov Ishikawa Islam Ivanov Iwasaki Jacobsen Jakobs Jansson Jaramillo Jha Jimenez Johansson Joshi Juarez Kabir Kaczmarek Kagame Kamara Kapoor Karlsson Kaya Keita Khan Khatri Kiss Kivela Klein Knudsen Kocak
    Koch Kone Konig Kovac Kovacs Kozak Kramer Krause Kristensen Kruger Kumar Kurosawa Laine Lamba Lange Lara Larsson Laurent Lazar Leal Leblanc Lehtinen Lemaire Leroy Liang Liepins Lim Linde Lopez Lorenz Luna Lungu Lupu Maas Macedo
    Machado Maeda Magnusson Mahlangu Maier Malik Mancini Mandal Marchetti Marin Marques Martens Matei Mattila Mazur Mbeki Medina Mehta Meier Mendes Mertens Meyer Mikkelsen Milic Mitra Miyamoto Mkhize Mohamud Moreno Mukherjee Muller
    Mutua Mwangi Nagy Naidoo Nair Nakamura Navarro Ndiaye Nemeth Neumann Nguema Nieminen Nikolov Nishida Nkosi Novak Novotny Nunes Ochieng Odhiambo Ogawa Okeke Oliveira Olsen Omondi Onyango Orlov Ortega Osman Otero Ozturk Paasi Palmer
    Pandey Pardo Parra Pavlov Pedersen Pellegrini Pereira Perrin Persson Petit Petrov Pham-Le Pinto Pires Pokorny Prasad Prieto Quiroga Quispe Rahman Rajan Ramirez Ramos Ranta Rao Rasmussen Rehman Reinholt Renard Ribeiro Richter Riva
    Robles Rocha Rodrigues Rojas Romano Roux Ruiz Rusu Sabri Sahin Saito Salazar Salonen Sanchez Sandberg Santos Sarkar Sato Sauer Savic Schmid Schneider Schuster Serrano Shah Sharif Shimizu Silvestri Simic Singh Sithole Slavik
    Sokolov Solberg Soler Sorensen Soto Sousa Spasov Stan Stefanov Steiner Stoica Strand Suarez Sundberg Suzuki Svensson Szabo Takahashi Tandon Tavares Tekin Tesfaye Thapa Thomsen Tiwari Toivonen Tomic Torres Toth Tshabalala Turan
    Uddin Ueda Urban Valdez Valente Varga Vasquez Vega Venter Verma Vermeulen Vidal Villa Vitale Vlasov Vries Wagner Wahlberg Walczak Wambui Wang Wanyama Watanabe Weber Werner Wong Wolff Wozniak Yadav Yamada Yang Yeo Yildiz Yoshida
    Younis Zaman Zapata Zeman Zhang Zhou Zhukov Zimmer Zulu'),
  ('material', 'und', 'PLA PETG ABS ASA nylon polycarbonate steel stainless aluminium brass bronze titanium birch oak beech bamboo acrylic POM TPU plywood'),
  ('process', 'und', 'fdm sla sls milling turning laser_cutting waterjet bending welding casting engraving routing'),
  ('family_of_hinge', 'und', 'butt piano living barrel pivot strap concealed offset friction knife spring gate flag continuous scissor ball_joint'),
  ('use', 'und', 'cabinet door lid box gate window laptop case drawer folding_table screen lamp toolbox bench crate shutter prosthesis drone camera_rig bicycle_rack greenhouse aquarium bookcase stroller tent workbench easel enclosure locker ramp'),
  ('adjective', 'en', 'quiet sturdy printable foldable modular tiny heavy-duty weatherproof adjustable seamless snap-fit self-closing parametric lightweight repairable open recycled compact classic hidden'),
  ('tag', 'und', 'hinge bearing pin bushing knuckle leaf bracket jig fixture clamp latch snapfit parametric openscad freecad step stl assembly print-in-place no-supports load-tested outdoor indoor marine furniture accessibility education kids
    robotics solar garden kitchen bathroom workshop school hospital theatre repair upcycled recycled low-cost metal wood plastic composite flexible rigid m3 m4 m5 m6 metric imperial left-handed symmetric soft-close self-closing
    friction torsion spring magnet lock-open lockable detachable reversible stackable wall-mount ceiling-mount flush surface-mount hidden visible decorative vintage minimal heavy-duty micro large-format food-safe uv-stable fire-safe
    adapter adjustable aluminium anchor angle-stop anti-rattle antique aquaponics arcade assistive atelier axle axis backplate ball-joint bamboo barn-door barrel battery-door bayonet beehive bell-crank belt-drive bench-vice birdhouse
    boat bolt bookbinding boot-lid bottle box-lid brass bridge briefcase broom-holder bulkhead bumper cable-guide cable-tray cafe calibration cam camera camping canopy cardboard cargo-bike caster cat-flap chair chest chicken-door
    children-safe chuck clasp classroom clip-on cnc coaster cold-frame collet compliant concealed conduit corner-brace costume countersunk coupling crank crate cupboard curtain damper dashboard deck desk detent dial display-case
    dog-door doll-house door-closer dovetail drawer-slide drill-guide dust-cover easel eccentric edge-banding elbow emergency enclosure end-stop ergonomics exhibit exoskeleton extrusion eyelet fan-mount farm-gate feeder fence
    field-repair filament-saver finger-joint flap flex-arm fold-flat foldable four-bar frame free-swing gasket gauge gear gimbal glovebox glue-free grabber grille grip guitar-case hammock hand-tool handle hatch headphones
    heat-set-insert heirloom helmet hook hospital-bed hot-glue hydroponics incubator inlay instrument insulated jewellery-box joint kayak kiosk kite knob lamp-arm laptop-stand latch-free laundry lever library lid-stay lift-assist
    linkage locker lunchbox mailbox makerspace mannequin market-stall mast medical microscope mirror model-railway mould mousetrap multi-axis music-stand needle-bearing nesting-box notebook nylon offset ornament outrigger over-centre
    oven-door packaging pallet pantograph parachute patio pawl pegboard pergola pet-door phone-stand picture-frame pillow-block pivot planter play-equipment plinth plug-in pocket-size polycarbonate porch portable press-fit printer-mod
    prosthetic-hand prototype puppet puzzle quick-release rack radio rail rainwater ramp ratchet reading-aid receiver repair-cafe replacement rib ring rope rover'),
  ('topic', 'und', 'tolerances bushings print_orientation annealing pin_diameter fatigue corrosion lubrication alignment clearances fillets torque packaging shipping safety accessibility teaching sourcing recycling finishing'),
  ('campaign', 'und', 'spring-build harvest-of-hinges open-doors repair-week maker-winter school-kits relief-doors green-shop'),
  ('opener', 'en', 'Yesterday Honestly In_our_shop After_three_prints For_beginners On_this_machine In_practice Usually To_be_clear At_the_meetup'),
  ('subject', 'en', 'the_pin the_leaf the_living_hinge a_wider_knuckle the_bushing our_test_rig the_second_prototype the_spring this_profile the_friction_joint the_lid the_gate'),
  ('verb', 'en', 'holds bends binds survives needs outlasts replaces rattles_with lines_up_with loosens'),
  ('ending', 'en', 'a_little_more_clearance forty_thousand_cycles the_steel_version a_drop_of_oil the_cold a_larger_fillet twice_the_load the_print_bed two_washers the_old_drawing a_slower_feed nothing_at_all'),
  ('opener', 'de', 'Gestern Ehrlich_gesagt In_unserer_Werkstatt Nach_drei_Drucken Am_Anfang An_dieser_Maschine In_der_Praxis Meistens Genau_genommen Beim_Treffen'),
  ('subject', 'de', 'hält_der_Stift braucht_das_Blatt trägt_das_Filmscharnier zeigt_der_Prüfstand übersteht_der_Prototyp verlangt_die_Feder liebt_die_Buchse findet_der_Deckel'),
  ('verb', 'de', 'kaum fast nur ganz_sicher manchmal gerade_noch ohne_Mühe erst_recht'),
  ('ending', 'de', 'etwas_mehr_Spiel vierzigtausend_Zyklen die_Stahlvariante einen_Tropfen_Öl die_Kälte eine_größere_Rundung die_doppelte_Last zwei_Scheiben'),
  ('opener', 'fr', 'Hier Franchement Dans_notre_atelier Après_trois_essais Pour_débuter Sur_cette_machine En_pratique Souvent'),
  ('subject', 'fr', 'la_broche la_feuille la_charnière_souple le_palier le_ressort le_prototype le_couvercle le_banc_d’essai'),
  ('verb', 'fr', 'tient supporte demande préfère remplace bloque accepte dépasse'),
  ('ending', 'fr', 'un_peu_plus_de_jeu quarante_mille_cycles la_version_en_acier une_goutte_d’huile le_froid un_congé_plus_grand le_double_de_la_charge deux_rondelles'),
  ('opener', 'es', 'Ayer La_verdad En_nuestro_taller Tras_tres_pruebas Para_empezar En_esta_máquina En_la_práctica A_menudo'),
  ('subject', 'es', 'el_pasador la_hoja la_bisagra_viva el_casquillo el_muelle el_prototipo la_tapa el_banco_de_pruebas'),
  ('verb', 'es', 'aguanta necesita prefiere sustituye bloquea acepta supera pide'),
  ('ending', 'es', 'un_poco_más_de_holgura cuarenta_mil_ciclos la_versión_de_acero una_gota_de_aceite el_frío un_radio_mayor el_doble_de_carga dos_arandelas'),
  ('opener', 'pt', 'Ontem Na_verdade Na_nossa_oficina Depois_de_três_testes Para_começar Nesta_máquina Na_prática Muitas_vezes'),
  ('subject', 'pt', 'o_pino a_folha a_dobradiça_viva a_bucha a_mola o_protótipo a_tampa a_bancada'),
  ('verb', 'pt', 'aguenta precisa_de prefere substitui trava aceita supera pede'),
  ('ending', 'pt', 'um_pouco_mais_de_folga quarenta_mil_ciclos a_versão_de_aço uma_gota_de_óleo o_frio um_raio_maior o_dobro_da_carga duas_arruelas'),
  ('opener', 'it', 'Ieri Sinceramente Nella_nostra_officina Dopo_tre_prove Per_cominciare Su_questa_macchina In_pratica Spesso'),
  ('subject', 'it', 'il_perno la_foglia la_cerniera_viva la_boccola la_molla il_prototipo il_coperchio il_banco_prova'),
  ('verb', 'it', 'tiene richiede preferisce sostituisce blocca accetta supera chiede'),
  ('ending', 'it', 'un_po’_di_gioco quarantamila_cicli la_versione_in_acciaio una_goccia_d’olio il_freddo un_raccordo_più_grande il_doppio_del_carico due_rondelle'),
  ('opener', 'ja', '昨日は 正直 工房では 三回の印刷のあと 初心者には この機械では 実際には たいてい'),
  ('subject', 'ja', 'ピンが 羽根が 蝶番が 軸受けが ばねが 試作品が 蓋が 試験台が'),
  ('verb', 'ja', '少しの遊びを 四万回の開閉を 鉄の部品を 一滴の油を 寒さを 大きな丸みを 二倍の荷重を 二枚の座金を'),
  ('ending', 'ja', '必要とする 耐える 好む 置き換える 受け入れる 超える 示す 待つ'),
  ('opener', 'sw', 'Jana Kwa_kweli Karakana_yetu Baada_ya_majaribio_matatu Kwa_wanaoanza Kwenye_mashine_hii Kwa_vitendo Mara_nyingi'),
  ('subject', 'sw', 'pini bawaba jani_la_bawaba bushi springi mfano kifuniko meza_ya_majaribio'),
  ('verb', 'sw', 'inastahimili inahitaji inapendelea inabadilisha inazuia inakubali inazidi inaomba'),
  ('ending', 'sw', 'nafasi_kidogo mizunguko_elfu_arobaini toleo_la_chuma tone_la_mafuta baridi kona_ya_mviringo mzigo_mara_mbili washa_mbili'),
  ('planted', 'en', 'seven-petal_gate_paradox copper_whisper_method upside-down_knuckle_rule lantern_bushing_recipe')
) lists(list, locale, items), regexp_split_to_table(items, '\s+') with ordinality t(value, place);

insert into testdata.places (n, city, region, country, latitude, longitude, time_zone, locale, weight)
select row_number() over (), f[1], f[2], f[3], f[4]::numeric, f[5]::numeric, f[6], f[7], f[8]::double precision
from string_to_table($places$Berlin|Berlin|DE|52.52|13.405|Europe/Berlin|de|37
Hamburg|Hamburg|DE|53.5511|9.9937|Europe/Berlin|de|19
München|Bayern|DE|48.1351|11.582|Europe/Berlin|de|15
Köln|Nordrhein-Westfalen|DE|50.9375|6.9603|Europe/Berlin|de|11
Leipzig|Sachsen|DE|51.3397|12.3731|Europe/Berlin|de|6
Wien|Wien|AT|48.2082|16.3738|Europe/Vienna|de|19
Graz|Steiermark|AT|47.0707|15.4395|Europe/Vienna|de|3
Zürich|Zürich|CH|47.3769|8.5417|Europe/Zurich|de|4
Paris|Île-de-France|FR|48.8566|2.3522|Europe/Paris|fr|21
Lyon|Auvergne-Rhône-Alpes|FR|45.764|4.8357|Europe/Paris|fr|5
Toulouse|Occitanie|FR|43.6047|1.4442|Europe/Paris|fr|5
Nantes|Pays de la Loire|FR|47.2184|-1.5536|Europe/Paris|fr|3
Bruxelles|Bruxelles|BE|50.8503|4.3517|Europe/Brussels|fr|12
Amsterdam|Noord-Holland|NL|52.3676|4.9041|Europe/Amsterdam|nl|9
Rotterdam|Zuid-Holland|NL|51.9244|4.4777|Europe/Amsterdam|nl|6
Eindhoven|Noord-Brabant|NL|51.4416|5.4697|Europe/Amsterdam|nl|2
Madrid|Madrid|ES|40.4168|-3.7038|Europe/Madrid|es|33
Barcelona|Cataluña|ES|41.3874|2.1686|Europe/Madrid|es|16
Valencia|Valencia|ES|39.4699|-0.3763|Europe/Madrid|es|8
Sevilla|Andalucía|ES|37.3891|-5.9845|Europe/Madrid|es|7
Lisboa|Lisboa|PT|38.7223|-9.1393|Europe/Lisbon|pt|5
Porto|Porto|PT|41.1579|-8.6291|Europe/Lisbon|pt|2
Roma|Lazio|IT|41.9028|12.4964|Europe/Rome|it|28
Milano|Lombardia|IT|45.4642|9.19|Europe/Rome|it|14
Torino|Piemonte|IT|45.0703|7.6869|Europe/Rome|it|9
Bologna|Emilia-Romagna|IT|44.4949|11.3426|Europe/Rome|it|4
London|England|GB|51.5074|-0.1278|Europe/London|en|89
Manchester|England|GB|53.4808|-2.2426|Europe/London|en|6
Edinburgh|Scotland|GB|55.9533|-3.1883|Europe/London|en|5
Cardiff|Wales|GB|51.4816|-3.1791|Europe/London|en|4
Dublin|Leinster|IE|53.3498|-6.2603|Europe/Dublin|en|6
København|Hovedstaden|DK|55.6761|12.5683|Europe/Copenhagen|da|7
Aarhus|Midtjylland|DK|56.1629|10.2039|Europe/Copenhagen|da|3
Oslo|Oslo|NO|59.9139|10.7522|Europe/Oslo|nb|7
Stockholm|Stockholm|SE|59.3293|18.0686|Europe/Stockholm|sv|10
Göteborg|Västra Götaland|SE|57.7089|11.9746|Europe/Stockholm|sv|6
Helsinki|Uusimaa|FI|60.1699|24.9384|Europe/Helsinki|fi|7
Tallinn|Harju|EE|59.437|24.7536|Europe/Tallinn|et|4
Rīga|Rīga|LV|56.9496|24.1052|Europe/Riga|lv|6
Vilnius|Vilnius|LT|54.6872|25.2797|Europe/Vilnius|lt|6
Warszawa|Mazowieckie|PL|52.2297|21.0122|Europe/Warsaw|pl|18
Kraków|Małopolskie|PL|50.0647|19.945|Europe/Warsaw|pl|8
Wrocław|Dolnośląskie|PL|51.1079|17.0385|Europe/Warsaw|pl|6
Praha|Praha|CZ|50.0755|14.4378|Europe/Prague|cs|13
Brno|Jihomoravský|CZ|49.1951|16.6068|Europe/Prague|cs|4
Bratislava|Bratislava|SK|48.1486|17.1077|Europe/Bratislava|sk|4
Budapest|Budapest|HU|47.4979|19.0402|Europe/Budapest|hu|18
Ljubljana|Osrednjeslovenska|SI|46.0569|14.5058|Europe/Ljubljana|sl|3
Zagreb|Zagreb|HR|45.815|15.9819|Europe/Zagreb|hr|8
Beograd|Beograd|RS|44.7866|20.4489|Europe/Belgrade|sr|14
București|București|RO|44.4268|26.1025|Europe/Bucharest|ro|18
Cluj-Napoca|Cluj|RO|46.7712|23.6236|Europe/Bucharest|ro|3
Sofia|Sofia|BG|42.6977|23.3219|Europe/Sofia|bg|12
Athína|Attiki|GR|37.9838|23.7275|Europe/Athens|el|7
Thessaloníki|Makedonia|GR|40.6401|22.9444|Europe/Athens|el|3
Kyiv|Kyiv|UA|50.4501|30.5234|Europe/Kyiv|uk|30
Lviv|Lviv|UA|49.8397|24.0297|Europe/Kyiv|uk|7
İstanbul|İstanbul|TR|41.0082|28.9784|Europe/Istanbul|tr|155
Ankara|Ankara|TR|39.9334|32.8597|Europe/Istanbul|tr|56
İzmir|İzmir|TR|38.4237|27.1428|Europe/Istanbul|tr|43
Tbilisi|Tbilisi|GE|41.7151|44.8271|Asia/Tbilisi|ka|11
Tel Aviv|Tel Aviv|IL|32.0853|34.7818|Asia/Jerusalem|he|5
Amman|Amman|JO|31.9454|35.9284|Asia/Amman|ar|40
Beirut|Beirut|LB|33.8938|35.5018|Asia/Beirut|ar|20
Cairo|Cairo|EG|30.0444|31.2357|Africa/Cairo|ar|95
Alexandria|Alexandria|EG|31.2001|29.9187|Africa/Cairo|ar|52
Casablanca|Casablanca-Settat|MA|33.5731|-7.5898|Africa/Casablanca|ar|34
Tunis|Tunis|TN|36.8065|10.1815|Africa/Tunis|ar|7
Lagos|Lagos|NG|6.5244|3.3792|Africa/Lagos|en|90
Abuja|Federal Capital Territory|NG|9.0765|7.3986|Africa/Lagos|en|12
Accra|Greater Accra|GH|5.6037|-0.187|Africa/Accra|en|25
Kumasi|Ashanti|GH|6.6885|-1.6244|Africa/Accra|en|20
Abidjan|Abidjan|CI|5.36|-4.0083|Africa/Abidjan|fr|47
Dakar|Dakar|SN|14.7167|-17.4677|Africa/Dakar|fr|11
Bamako|Bamako|ML|12.6392|-8.0029|Africa/Bamako|fr|25
Nairobi|Nairobi|KE|-1.2921|36.8219|Africa/Nairobi|sw|44
Mombasa|Mombasa|KE|-4.0435|39.6682|Africa/Nairobi|sw|12
Dar es Salaam|Dar es Salaam|TZ|-6.7924|39.2083|Africa/Dar_es_Salaam|sw|60
Kampala|Central|UG|0.3476|32.5825|Africa/Kampala|en|16
Kigali|Kigali|RW|-1.9441|30.0619|Africa/Kigali|en|12
Addis Ababa|Addis Ababa|ET|9.0054|38.7636|Africa/Addis_Ababa|am|38
Johannesburg|Gauteng|ZA|-26.2041|28.0473|Africa/Johannesburg|en|56
Cape Town|Western Cape|ZA|-33.9249|18.4241|Africa/Johannesburg|en|46
Durban|KwaZulu-Natal|ZA|-29.8587|31.0218|Africa/Johannesburg|en|37
Lusaka|Lusaka|ZM|-15.3875|28.3228|Africa/Lusaka|en|25
Antananarivo|Analamanga|MG|-18.8792|47.5079|Indian/Antananarivo|fr|13
Mumbai|Maharashtra|IN|19.076|72.8777|Asia/Kolkata|en|125
Delhi|Delhi|IN|28.7041|77.1025|Asia/Kolkata|hi|110
Bengaluru|Karnataka|IN|12.9716|77.5946|Asia/Kolkata|en|84
Pune|Maharashtra|IN|18.5204|73.8567|Asia/Kolkata|en|31
Kochi|Kerala|IN|9.9312|76.2673|Asia/Kolkata|en|6
Dhaka|Dhaka|BD|23.8103|90.4125|Asia/Dhaka|bn|89
Karachi|Sindh|PK|24.8607|67.0011|Asia/Karachi|ur|149
Lahore|Punjab|PK|31.5204|74.3587|Asia/Karachi|ur|111
Kathmandu|Bagmati|NP|27.7172|85.324|Asia/Kathmandu|ne|10
Colombo|Western|LK|6.9271|79.8612|Asia/Colombo|si|7
Tashkent|Tashkent|UZ|41.2995|69.2401|Asia/Tashkent|uz|25
Almaty|Almaty|KZ|43.222|76.8512|Asia/Almaty|kk|20
Ulaanbaatar|Ulaanbaatar|MN|47.8864|106.9057|Asia/Ulaanbaatar|mn|15
Bangkok|Bangkok|TH|13.7563|100.5018|Asia/Bangkok|th|83
Chiang Mai|Chiang Mai|TH|18.7883|98.9853|Asia/Bangkok|th|2
Hà Nội|Hà Nội|VN|21.0278|105.8342|Asia/Bangkok|vi|80
Thành phố Hồ Chí Minh|Hồ Chí Minh|VN|10.8231|106.6297|Asia/Ho_Chi_Minh|vi|90
Phnom Penh|Phnom Penh|KH|11.5564|104.9282|Asia/Phnom_Penh|km|21
Kuala Lumpur|Kuala Lumpur|MY|3.139|101.6869|Asia/Kuala_Lumpur|ms|18
Singapore|Singapore|SG|1.3521|103.8198|Asia/Singapore|en|57
Jakarta|Jakarta|ID|-6.2088|106.8456|Asia/Jakarta|id|106
Bandung|Jawa Barat|ID|-6.9175|107.6191|Asia/Jakarta|id|25
Manila|Metro Manila|PH|14.5995|120.9842|Asia/Manila|en|18
Cebu|Central Visayas|PH|10.3157|123.8854|Asia/Manila|en|9
Taipei|Taipei|TW|25.033|121.5654|Asia/Taipei|zh|26
Hong Kong|Hong Kong|HK|22.3193|114.1694|Asia/Hong_Kong|zh|74
Shanghai|Shanghai|CN|31.2304|121.4737|Asia/Shanghai|zh|248
Shenzhen|Guangdong|CN|22.5431|114.0579|Asia/Shanghai|zh|175
Chengdu|Sichuan|CN|30.5728|104.0668|Asia/Shanghai|zh|160
Seoul|Seoul|KR|37.5665|126.978|Asia/Seoul|ko|97
Busan|Busan|KR|35.1796|129.0756|Asia/Seoul|ko|34
Tokyo|Tokyo|JP|35.6762|139.6503|Asia/Tokyo|ja|140
Osaka|Osaka|JP|34.6937|135.5023|Asia/Tokyo|ja|27
Sapporo|Hokkaido|JP|43.0618|141.3545|Asia/Tokyo|ja|19
Fukuoka|Fukuoka|JP|33.5904|130.4017|Asia/Tokyo|ja|16
Sydney|New South Wales|AU|-33.8688|151.2093|Australia/Sydney|en|53
Melbourne|Victoria|AU|-37.8136|144.9631|Australia/Melbourne|en|50
Brisbane|Queensland|AU|-27.4698|153.0251|Australia/Brisbane|en|25
Perth|Western Australia|AU|-31.9523|115.8613|Australia/Perth|en|21
Auckland|Auckland|NZ|-36.8509|174.7645|Pacific/Auckland|en|16
Wellington|Wellington|NZ|-41.2866|174.7756|Pacific/Auckland|en|4
Honolulu|Hawaii|US|21.3069|-157.8583|Pacific/Honolulu|en|4
Anchorage|Alaska|US|61.2181|-149.9003|America/Anchorage|en|3
Seattle|Washington|US|47.6062|-122.3321|America/Los_Angeles|en|80
Portland|Oregon|US|45.5152|-122.6784|America/Los_Angeles|en|60
San Francisco|California|US|37.7749|-122.4194|America/Los_Angeles|en|190
Los Angeles|California|US|34.0522|-118.2437|America/Los_Angeles|en|310
San Diego|California|US|32.7157|-117.1611|America/Los_Angeles|en|110
Phoenix|Arizona|US|33.4484|-112.074|America/Phoenix|en|120
Denver|Colorado|US|39.7392|-104.9903|America/Denver|en|90
Austin|Texas|US|30.2672|-97.7431|America/Chicago|en|110
Houston|Texas|US|29.7604|-95.3698|America/Chicago|en|170
Chicago|Illinois|US|41.8781|-87.6298|America/Chicago|en|200
Minneapolis|Minnesota|US|44.9778|-93.265|America/Chicago|en|60
Detroit|Michigan|US|42.3314|-83.0458|America/Detroit|en|70
Pittsburgh|Pennsylvania|US|40.4406|-79.9959|America/New_York|en|50
Boston|Massachusetts|US|42.3601|-71.0589|America/New_York|en|110
New York|New York|US|40.7128|-74.006|America/New_York|en|420
Atlanta|Georgia|US|33.749|-84.388|America/New_York|en|100
Miami|Florida|US|25.7617|-80.1918|America/New_York|en|90
Toronto|Ontario|CA|43.6532|-79.3832|America/Toronto|en|29
Montréal|Québec|CA|45.5017|-73.5673|America/Toronto|fr|18
Vancouver|British Columbia|CA|49.2827|-123.1207|America/Vancouver|en|7
Calgary|Alberta|CA|51.0447|-114.0719|America/Edmonton|en|13
Ciudad de México|Ciudad de México|MX|19.4326|-99.1332|America/Mexico_City|es|92
Guadalajara|Jalisco|MX|20.6597|-103.3496|America/Mexico_City|es|15
Monterrey|Nuevo León|MX|25.6866|-100.3161|America/Monterrey|es|11
Ciudad de Guatemala|Guatemala|GT|14.6349|-90.5069|America/Guatemala|es|10
San José|San José|CR|9.9281|-84.0907|America/Costa_Rica|es|3
Kingston|Kingston|JM|17.9712|-76.7936|America/Jamaica|en|6
Bogotá|Bogotá|CO|4.711|-74.0721|America/Bogota|es|74
Medellín|Antioquia|CO|6.2442|-75.5812|America/Bogota|es|25
Quito|Pichincha|EC|-0.1807|-78.4678|America/Guayaquil|es|19
Lima|Lima|PE|-12.0464|-77.0428|America/Lima|es|97
La Paz|La Paz|BO|-16.4897|-68.1193|America/La_Paz|es|8
Santiago|Santiago|CL|-33.4489|-70.6693|America/Santiago|es|62
Valparaíso|Valparaíso|CL|-33.0472|-71.6127|America/Santiago|es|3
Buenos Aires|Buenos Aires|AR|-34.6037|-58.3816|America/Argentina/Buenos_Aires|es|31
Córdoba|Córdoba|AR|-31.4201|-64.1888|America/Argentina/Cordoba|es|13
Montevideo|Montevideo|UY|-34.9011|-56.1645|America/Montevideo|es|13
São Paulo|São Paulo|BR|-23.5505|-46.6333|America/Sao_Paulo|pt|123
Rio de Janeiro|Rio de Janeiro|BR|-22.9068|-43.1729|America/Sao_Paulo|pt|67
Recife|Pernambuco|BR|-8.0476|-34.877|America/Recife|pt|16
Porto Alegre|Rio Grande do Sul|BR|-30.0346|-51.2177|America/Sao_Paulo|pt|14
Manaus|Amazonas|BR|-3.119|-60.0217|America/Manaus|pt|21$places$, e'\n') line, lateral (select string_to_array(line, '|') as f) fields;

create function testdata.list(list text, locale text default 'und') returns text[]
  language sql stable
begin atomic
  select array_agg(w.value order by w.pos) from testdata.words w where w.list = list.list and w.locale = list.locale;
end;

create function testdata.grammar(locale text default 'en', out openers text[], out subjects text[], out verbs text[], out endings text[]) returns record
  language sql stable
begin atomic
  select testdata.list('opener', grammar.locale), testdata.list('subject', grammar.locale), testdata.list('verb', grammar.locale), testdata.list('ending', grammar.locale);
end;

create function testdata.pick(seed bigint, salt int, n bigint, list text[]) returns text
  language sql immutable strict parallel safe
  return list[1 + (hashint8extended(n, hashint8extended(salt::bigint, seed)) & 1048575) % cardinality(list)];

create function testdata.sentence(seed bigint, salt int, n bigint, openers text[], subjects text[], verbs text[], endings text[]) returns text
  language sql immutable strict parallel safe
  return testdata.pick(seed, salt, n, openers) || ' ' || testdata.pick(seed, salt + 1, n, subjects) || ' ' || testdata.pick(seed, salt + 2, n, verbs) || ' ' || testdata.pick(seed, salt + 3, n, endings) || '.';

create function testdata.prose(seed bigint, salt int, n bigint, sentences int, locale text default 'en') returns text
  language sql stable
begin atomic
  select string_agg(testdata.sentence(prose.seed, prose.salt, prose.n * 64 + i.i, g.openers, g.subjects, g.verbs, g.endings), ' ' order by i.i)
  from testdata.grammar(prose.locale) g, generate_series(1, prose.sentences) as i(i);
end;

create function testdata.person(seed bigint, n bigint, out given text, out family text, out display text, out handle text) returns record
  language sql stable
begin atomic
  select p.given, p.family, p.given || ' ' || p.family, lower(p.given) || '-' || lower(p.family) || '-' || person.n::text
  from (select testdata.pick(person.seed, 85401, person.n, testdata.list('given')) as given, testdata.pick(person.seed, 85402, person.n, testdata.list('family')) as family) p;
end;

create function testdata.mail(name text, n bigint) returns text
  language sql immutable strict parallel safe
  return lower(name) || '@' || (array['example.com', 'example.org', 'example.net'])[1 + n % 3];

create function testdata.phone(seed bigint, n bigint) returns text
  language sql immutable strict parallel safe
  return '+1-' || (200 + (hashint8extended(n, seed) & 1048575) % 800)::text || '-555-01' || lpad(((hashint8extended(n, seed) & 1048575) / 800 % 100)::text, 2, '0');

create function testdata.ip(seed bigint, n bigint) returns inet
  language sql immutable parallel safe
  return case when (hashint8extended(n, seed) & 7) = 0
    then ('2001:db8::' || to_hex((hashint8extended(n, seed) >> 8) & 65535) || ':' || to_hex((hashint8extended(n, seed) >> 24) & 65535))::inet
    else ((array['192.0.2.', '198.51.100.', '203.0.113.'])[1 + (hashint8extended(n, seed) & 1023) % 3] || (1 + (hashint8extended(n, seed) >> 10 & 65535) % 254)::text)::inet end;

create function testdata.ein(seed bigint, n bigint) returns text
  language sql immutable strict parallel safe
  return '00-' || lpad(((hashint8extended(n, seed) & 1073741823) % 10000000)::text, 7, '0');

create function testdata.place(seed bigint, n bigint) returns testdata.places
  language sql stable
begin atomic
  select p from (select p.*::testdata.places as p, sum((p.*).weight) over (order by (p.*).n) as reached, sum((p.*).weight) over () as total from testdata.places p) w
  where w.reached > testdata.unit(place.seed, 85403, place.n) * w.total order by w.reached limit 1;
end;

comment on table testdata.words is 'Lists of words and phrases; a spill of one changes the digests of what uses it. @distribution reference';
comment on column testdata.words.list is 'given, family, material, process, use, tag, opener, ...';
comment on column testdata.words.locale is 'Language of the list, und where it has none.';
comment on column testdata.words.pos is 'Place in the list, from 1.';
comment on column testdata.words.value is 'Word or phrase.';
comment on table testdata.places is 'Cities with country, coordinates and zone that belong together. Coordinates to about a kilometre; weights after their inhabitants. @distribution reference';
comment on column testdata.places.n is 'Key.';
comment on column testdata.places.city is 'Name as its people write it.';
comment on column testdata.places.region is 'State or region.';
comment on column testdata.places.country is 'ISO 3166 code.';
comment on column testdata.places.latitude is 'Degrees north.';
comment on column testdata.places.longitude is 'Degrees east.';
comment on column testdata.places.time_zone is 'IANA zone.';
comment on column testdata.places.locale is 'Language most people there would choose.';
comment on column testdata.places.weight is 'How many users live there, against the others.';
comment on function testdata.list is 'A list as an array in its order; null when there is none.';
comment on function testdata.grammar is 'The parts of sentences of a language, for sentence(): ask once a statement.';
comment on function testdata.pick is 'One of a list, by key.';
comment on function testdata.sentence is 'A sentence of four parts, by key; the arrays are grammar()''s.';
comment on function testdata.prose is 'Some sentences in a language.';
comment on function testdata.person is 'Given and family name, display name and a handle that no other key has.';
comment on function testdata.mail is 'Address in a domain reserved by RFC 2606.';
comment on function testdata.phone is 'Number in the range 555-0100 to 555-0199, reserved for fiction.';
comment on function testdata.ip is 'Address in TEST-NET-1..3 (RFC 5737) or 2001:db8::/32 (RFC 3849).';
comment on function testdata.ein is 'Tax number with prefix 00, which is never given out.';
comment on function testdata.place is 'A place by its weight.';

-- verify
select count(*) = 8000, bool_and(mail ~ '^[a-z0-9.-]+@example\.(com|org|net)$'), bool_and(phone ~ '^\+1-[2-9]\d\d-555-01\d\d$'), bool_and(ein ~ '^00-\d{7}$'), count(distinct mail) = 8000,
  bool_and(ip <<= any ('{192.0.2.0/24,198.51.100.0/24,203.0.113.0/24,2001:db8::/32}'::inet[])), count(distinct family(ip)) = 2, count(distinct phone) > 6000
from (select testdata.mail('ada-' || n, n) as mail, testdata.phone(42, n) as phone, testdata.ip(42, n) as ip, testdata.ein(42, n) as ein from generate_series(1, 8000) n) contacts;
select count(*) > 150, count(*) filter (where not exists (select from pg_timezone_names z where z.name = p.time_zone)) = 0, count(distinct country) > 60,
  bool_and(latitude between -90 and 90 and longitude between -180 and 180) from testdata.places p;
select testdata.person(42, 7) = testdata.person(42, 7), (testdata.person(42, 7)).handle <> (testdata.person(42, 8)).handle, (testdata.person(42, 7)).display like (testdata.person(42, 7)).given || ' %';
select count(distinct (testdata.place(42, n)).city) > 20, testdata.place(42, 1) = testdata.place(42, 1) from generate_series(1, 60) n;
select locale, cardinality(g.openers) >= 8 and cardinality(g.subjects) >= 8 and cardinality(g.verbs) >= 8 and cardinality(g.endings) >= 8 from unnest('{en,de,fr,es,pt,it,ja,sw}'::text[]) locale, testdata.grammar(locale) g;
select count(distinct testdata.prose(42, 1, n, 3)) = 100, bool_and(testdata.prose(42, 1, n, 3) ~ '^[A-Z].+\. .+\. .+\.$'), testdata.prose(1, 1, 1, 1, 'de') <> testdata.prose(1, 1, 1, 1, 'en') from generate_series(1, 100) n;
select testdata.list('given') @> '{Ada,Grace}', testdata.list('none') is null, testdata.pick(42, 1, 5, '{a}') = 'a', count(distinct testdata.pick(42, 1, n, '{a,b,c}')) = 3 from generate_series(1, 50) n;
select sum(n) > 600, count(*) filter (where list in ('given', 'family') and n > 100) = 2 from (select list, count(*) as n from testdata.words group by list) lists;
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into testdata.words (list, pos, value) values ('given', 9999, 'Ada') $$, '23505', 'words_list_locale_value_key'),
  ($$ insert into testdata.words (list, pos, value) values ('given', 1, 'Adda') $$, '23505', 'words_list_locale_pos_pk'),
  ($$ update testdata.places set city = 'Berlin', country = 'DE' where city = 'Hamburg' $$, '23505', 'places_city_country_key'),
  ($$ update testdata.places set n = 1 where n = 2 $$, '23505', 'places_n_pk'),
  ($$ update testdata.places set weight = 0 where n = 1 $$, '23514', 'places_weight_check'),
  ($$ update testdata.places set country = 'xyz' where n = 1 $$, '23514', 'country_code')) v(sql, state, rule);
insert into testdata.words (list, pos, value) values ('probe-0854', 1, 'x') returning locale = 'und';
select relname, relrowsecurity and relforcerowsecurity from pg_class where oid in ('testdata.words'::regclass, 'testdata.places'::regclass);
select count(*) = 0 from blueprint.open_to_public('testdata');
