"""What the demo's world is made of: companies, people, places and things.

Names are invented, telephone numbers are 555-01xx, and mail goes to example.com only.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Company:
    """An organisation of the directory."""

    key: str
    name: str
    kind: str
    domain: str
    time_zone: str
    phone: str
    street: str
    city: str
    state: str
    postal_code: str
    free_miles: float | None = None
    cents_per_mile: int = 0
    auto_place_orders: bool = False


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person; `login` is empty for those who cannot sign in, `company` for freelancers."""

    key: str
    name: str
    company: str
    roles: tuple[str, ...]
    phone: str
    login: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    street: str = ""
    certificates: tuple[str, ...] = ()
    expired: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("en",)

    @property
    def is_technician(self) -> bool:
        return "technician" in self.roles


@dataclass(frozen=True, slots=True)
class Area:
    """A service territory and the companies that serve it."""

    name: str
    zone: str
    time_zone: str
    served_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """An account's facility with its stations."""

    account: str
    name: str
    area: str
    street: str
    city: str
    state: str
    postal_code: str
    latitude: float
    longitude: float
    contact: str
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """A work type with the part that it takes and the certificates that it needs."""

    name: str
    kind: str
    model: str
    part: str
    minutes: int
    certificates: tuple[str, ...]
    deliverables: tuple[str, ...]
    returns: bool
    instructions: str
    technicians: int = 1


COMPANIES = (
    Company(
        "voltara",
        "Voltara",
        "VENDOR",
        "voltara.example.com",
        "America/Chicago",
        "312-555-0100",
        "233 S Wacker Dr",
        "Chicago",
        "IL",
        "60606",
        auto_place_orders=True,
    ),
    Company(
        "bluefern",
        "Bluefern Dispatch",
        "PARTNER",
        "bluefern.example.com",
        "America/Chicago",
        "614-555-0110",
        "88 E Broad St",
        "Columbus",
        "OH",
        "43215",
        50,
        95,
    ),
    Company(
        "kestrel",
        "Kestrel Field Co",
        "PARTNER",
        "kestrel.example.com",
        "America/New_York",
        "404-555-0120",
        "191 Peachtree St NE",
        "Atlanta",
        "GA",
        "30303",
        50,
        110,
    ),
    Company(
        "copperline",
        "Copperline Electric",
        "PARTNER",
        "copperline.example.com",
        "America/Phoenix",
        "602-555-0130",
        "2 N Central Ave",
        "Phoenix",
        "AZ",
        "85004",
        60,
        105,
    ),
    Company(
        "redwood",
        "Redwood Charging",
        "VENDOR",
        "redwood.example.com",
        "America/Chicago",
        "312-555-0170",
        "401 N Michigan Ave",
        "Chicago",
        "IL",
        "60611",
    ),
    Company(
        "larkspur",
        "Larkspur Foods",
        "FACILITY_OWNER",
        "larkspur.example.com",
        "America/Denver",
        "303-555-0140",
        "1700 Lincoln St",
        "Denver",
        "CO",
        "80203",
    ),
    Company(
        "northline",
        "Northline Facilities",
        "PROVIDER",
        "northline.example.com",
        "America/Denver",
        "303-555-0160",
        "950 17th St",
        "Denver",
        "CO",
        "80202",
    ),
    Company(
        "millbrook",
        "Millbrook Water",
        "UTILITY",
        "millbrook.example.com",
        "America/New_York",
        "201-555-0150",
        "30 Main St",
        "Millbrook",
        "NY",
        "12545",
    ),
)

PEOPLE = (
    Somebody("dana", "Dana Whitfield", "voltara", ("dispatcher",), "312-555-0101", "dispatcher"),
    Somebody("amara", "Amara Okafor", "voltara", ("approver",), "312-555-0102", "approver"),
    Somebody("jonas", "Jonas Reidel", "voltara", ("dispatcher",), "312-555-0103", "jonas"),
    Somebody("ines", "Ines Albrecht", "voltara", ("admin",), "312-555-0104", "admin"),
    Somebody("noah", "Noah Brandeis", "redwood", ("dispatcher",), "312-555-0171", "dispatcher2"),
    Somebody("megan", "Megan Castellano", "bluefern", ("partner",), "614-555-0111", "partner"),
    Somebody("theo", "Theo Lindqvist", "bluefern", ("partner",), "614-555-0112", "theo"),
    Somebody(
        "allan",
        "Allan Heward",
        "bluefern",
        ("technician",),
        "614-555-0113",
        "technician",
        "Columbus",
        "OH",
        "43201",
        "1492 N High St",
        ("VT40-CM", "VT40-INS"),
        languages=("en", "es"),
    ),
    Somebody(
        "joshua",
        "Joshua Boothe",
        "bluefern",
        ("technician",),
        "614-555-0114",
        "",
        "Dayton",
        "OH",
        "45402",
        "120 W 2nd St",
        ("VT40-CM", "VX60-INS"),
    ),
    Somebody(
        "priya",
        "Priya Raman",
        "bluefern",
        ("technician",),
        "317-555-0115",
        "",
        "Indianapolis",
        "IN",
        "46204",
        "50 Monument Cir",
        ("VX60-INS",),
        ("VT40-CM",),
        languages=("en", "hi"),
    ),
    Somebody("kwame", "Kwame Asante", "kestrel", ("partner",), "404-555-0121", "partner2"),
    Somebody(
        "rosa",
        "Rosa Delgado",
        "kestrel",
        ("technician",),
        "404-555-0122",
        "",
        "Atlanta",
        "GA",
        "30308",
        "800 Peachtree St NE",
        ("VT40-CM", "VT40-INS", "VX60-INS"),
    ),
    Somebody(
        "niels",
        "Niels Brandt",
        "kestrel",
        ("technician",),
        "904-555-0123",
        "",
        "Jacksonville",
        "FL",
        "32202",
        "117 W Duval St",
        ("VT40-INS",),
    ),
    Somebody("elena", "Elena Marsh", "larkspur", ("requester",), "303-555-0141", "company"),
    Somebody("samir", "Samir Haddad", "larkspur", ("requester",), "303-555-0142", "samir"),
    Somebody("greta", "Greta Lund", "larkspur", ("approver",), "303-555-0143", "company2"),
    Somebody("owen", "Owen Bright", "larkspur", ("approver", "requester"), "303-555-0144", "owen"),
    Somebody("nadia", "Nadia Rahimi", "northline", ("dispatcher",), "303-555-0161", "provider"),
    Somebody("cal", "Cal Jensen", "northline", ("dispatcher",), "303-555-0162"),
    Somebody("ruth", "Ruth Calder", "millbrook", ("dispatcher",), "845-555-0151", "utility"),
    Somebody(
        "ivo",
        "Ivo Marsh",
        "millbrook",
        ("technician",),
        "845-555-0152",
        "reader",
        "Millbrook",
        "NY",
        "12545",
        "30 Main St",
    ),
    Somebody("luz", "Luz Herrera", "copperline", ("partner",), "602-555-0131", "luz"),
    Somebody(
        "walt",
        "Walt Sorensen",
        "copperline",
        ("technician",),
        "602-555-0132",
        "",
        "Phoenix",
        "AZ",
        "85006",
        "1625 N Central Ave",
        ("VT40-CM", "VX60-INS"),
    ),
    Somebody(
        "noor",
        "Noor Haddad",
        "",
        ("technician",),
        "919-555-0160",
        "",
        "Raleigh",
        "NC",
        "27601",
        "110 Church St",
        ("VT40-CM", "VX60-INS"),
    ),
    Somebody(
        "gus",
        "Gus Petrakis",
        "",
        ("technician",),
        "419-555-0161",
        "",
        "Toledo",
        "OH",
        "43604",
        "1 Seagate",
        ("VT40-INS",),
    ),
)

TEAMS = (
    ("NA Field Service Team", "voltara", ("dana", "jonas")),
    ("Parts Desk", "voltara", ("jonas",)),
    ("Bluefern Schedulers", "bluefern", ("megan", "theo")),
)

# Code, name, current, months, kind, and what it is for.
CERTIFICATES = (
    ("VT40-CM", "VT-40 corrective maintenance", "AC", 24, "certification", "CM"),
    ("VT40-INS", "VT-40 installation", "AC", 24, "certification", "INS"),
    ("VX60-INS", "VX-60 installation and commissioning", "DC", 24, "certification", "INS"),
    ("HV-SAFETY", "Work near high voltage", "DC", 12, "micro_credential", ""),
    ("CABLE-CARE", "Replacing charging cables", "AC", 12, "micro_credential", "CM"),
)

# Micro-credentials: who holds which, and how many days from today they are valid; no work type asks for them.
MICRO_CREDENTIALS = (
    ("allan", "HV-SAFETY", 5),
    ("allan", "CABLE-CARE", 82),
    ("joshua", "HV-SAFETY", 26),
    ("joshua", "CABLE-CARE", 300),
    ("priya", "CABLE-CARE", 55),
    ("rosa", "HV-SAFETY", 21),
    ("walt", "CABLE-CARE", -12),
    ("noor", "HV-SAFETY", 140),
)

AREAS = (
    Area("Ohio - Columbus Metro", "Zone 1", "America/New_York", ("bluefern",)),
    Area("Ohio - Dayton", "Zone 1", "America/New_York", ("bluefern", "kestrel")),
    Area("Indiana - Indianapolis Metro", "Zone 2", "America/Indiana/Indianapolis", ("bluefern",)),
    Area("Illinois - Chicago Metro", "Zone 1", "America/Chicago", ("bluefern",)),
    Area("Wisconsin - Milwaukee", "Zone 2", "America/Chicago", ("bluefern",)),
    Area("Tennessee - Knoxville Metro", "Zone 2", "America/New_York", ("bluefern", "kestrel")),
    Area("Georgia - Atlanta Metro", "Zone 1", "America/New_York", ("kestrel",)),
    Area("Florida - Jacksonville", "Zone 2", "America/New_York", ("kestrel",)),
    Area("North Carolina - Greensboro", "Zone 2", "America/New_York", ("kestrel",)),
    Area("Mississippi - Gulfport Metro", "Zone 3", "America/Chicago", ("kestrel",)),
    Area("Arizona", "Zone 3", "America/Phoenix", ("copperline",)),
    Area("Colorado - Denver Metro", "Zone 2", "America/Denver", ("copperline", "northline")),
)

SITES = (
    Site(
        "Harbor Glen Apartments",
        "Harbor Glen North Garage",
        "Ohio - Columbus Metro",
        "2100 Riverside Dr",
        "Columbus",
        "OH",
        "43221",
        40.0107,
        -83.0620,
        "James Wallis",
        ("VT-40", "VT-40"),
    ),
    Site(
        "Harbor Glen Apartments",
        "Harbor Glen Lakeside",
        "Indiana - Indianapolis Metro",
        "6125 Guion Rd",
        "Indianapolis",
        "IN",
        "46254",
        39.8655,
        -86.2210,
        "Carol Ames",
        ("VT-40",),
    ),
    Site(
        "Tamsin County Library",
        "Tamsin Main Library",
        "Ohio - Dayton",
        "215 E Third St",
        "Dayton",
        "OH",
        "45402",
        39.7601,
        -84.1874,
        "Rhea Mallory",
        ("VT-40", "VX-60"),
    ),
    Site(
        "Tamsin County Library",
        "Tamsin West Branch",
        "Ohio - Dayton",
        "300 Abbey Ave",
        "Dayton",
        "OH",
        "45417",
        39.7503,
        -84.2467,
        "Rhea Mallory",
        ("VT-40",),
    ),
    Site(
        "Orchard Row Market",
        "Orchard Row Midtown",
        "Georgia - Atlanta Metro",
        "1050 Crescent Ave NE",
        "Atlanta",
        "GA",
        "30309",
        33.7840,
        -84.3857,
        "Deon Price",
        ("VT-250", "VT-250"),
    ),
    Site(
        "Orchard Row Market",
        "Orchard Row Riverside",
        "Florida - Jacksonville",
        "1661 Riverside Ave",
        "Jacksonville",
        "FL",
        "32204",
        30.3120,
        -81.6830,
        "Deon Price",
        ("VT-250",),
    ),
    Site(
        "Pinecrest Motor Inn",
        "Pinecrest Knoxville",
        "Tennessee - Knoxville Metro",
        "800 Henley St",
        "Knoxville",
        "TN",
        "37902",
        35.9611,
        -83.9207,
        "Lena Ortiz",
        ("VX-60",),
    ),
    Site(
        "City of Alder Falls",
        "Alder Falls City Hall",
        "Illinois - Chicago Metro",
        "1 Civic Plaza",
        "Aurora",
        "IL",
        "60505",
        41.7570,
        -88.3147,
        "Marcus Bell",
        ("VT-40", "VT-40"),
    ),
    Site(
        "Northgate Clinics",
        "Northgate Milwaukee",
        "Wisconsin - Milwaukee",
        "1200 N Prospect Ave",
        "Milwaukee",
        "WI",
        "53202",
        43.0457,
        -87.8966,
        "Anja Kowal",
        ("VT-40",),
    ),
    Site(
        "Northgate Clinics",
        "Northgate Greensboro",
        "North Carolina - Greensboro",
        "1121 N Church St",
        "Greensboro",
        "NC",
        "27401",
        36.0886,
        -79.7845,
        "Anja Kowal",
        ("VT-250",),
    ),
    Site(
        "Gulf Breeze Marina",
        "Gulf Breeze Harbor",
        "Mississippi - Gulfport Metro",
        "1 Jones Park Dr",
        "Gulfport",
        "MS",
        "39501",
        30.3640,
        -89.0950,
        "Tate Landry",
        ("VT-40",),
    ),
    Site(
        "Saguaro Office Park",
        "Saguaro Building C",
        "Arizona",
        "4747 N 22nd St",
        "Phoenix",
        "AZ",
        "85016",
        33.5078,
        -112.0330,
        "Ivy Chen",
        ("VX-60", "VX-60"),
    ),
    Site(
        "Larkspur Foods",
        "Larkspur Distribution Center",
        "Colorado - Denver Metro",
        "5000 E 47th Ave",
        "Denver",
        "CO",
        "80216",
        39.7834,
        -104.9290,
        "Paul Renner",
        ("VX-60",),
    ),
)

PHOTOS = ("Photo of the station before", "Photo of the station after")
TASKS = (
    Task(
        "VT-40 Head Replacement",
        "REPAIR",
        "VT-40",
        "VT40-HEAD",
        120,
        ("VT40-CM",),
        PHOTOS,
        True,
        "Replace the head, seat the gasket, torque the four bolts and run the self test.",
    ),
    Task(
        "VT-40 Wiring Verification",
        "REPAIR",
        "VT-40",
        "",
        90,
        ("VT40-CM",),
        ("Wiring checklist",),
        False,
        "Verify supply, torque and insulation; note the readings in the checklist.",
    ),
    Task(
        "VT-40 SIM Card Replacement",
        "REPAIR",
        "VT-40",
        "SIM-LTE",
        45,
        ("VT40-CM",),
        PHOTOS[1:],
        False,
        "Swap the SIM card and wait until the station reports to the network.",
    ),
    Task(
        "VT-40 Installation",
        "INSTALLATION",
        "VT-40",
        "",
        240,
        ("VT40-INS",),
        PHOTOS,
        False,
        "Mount, wire and commission the station by the site plan.",
    ),
    Task(
        "VT-250 Charging Cable Replacement",
        "REPAIR",
        "VT-250",
        "VT250-CABLE",
        90,
        ("VT40-CM",),
        PHOTOS,
        True,
        "Replace the charging cable with its strain relief.",
    ),
    Task(
        "VT-250 Power Module Replacement",
        "REPAIR",
        "VT-250",
        "VT250-PM",
        150,
        ("VT40-CM",),
        PHOTOS,
        True,
        "Isolate, replace the power module and check the coolant.",
        2,
    ),
    Task(
        "VT-250 Fan Tray Replacement",
        "REPAIR",
        "VT-250",
        "VT250-FAN",
        60,
        ("VT40-CM",),
        PHOTOS[1:],
        False,
        "Replace the fan tray and clean the filter.",
    ),
    Task(
        "VX-60 Door Latch Replacement",
        "REPAIR",
        "VX-60",
        "VX60-LATCH",
        45,
        ("VX60-INS",),
        PHOTOS[1:],
        False,
        "Replace the latch and check that the door sensor reports.",
    ),
    Task(
        "VX-60 Door Fan Replacement",
        "REPAIR",
        "VX-60",
        "VX60-FAN",
        60,
        ("VX60-INS",),
        PHOTOS[1:],
        False,
        "Replace the fan in the door.",
    ),
    Task(
        "VX-60 Commissioning",
        "COMMISSIONING",
        "VX-60",
        "",
        180,
        ("VX60-INS",),
        ("Commissioning protocol",),
        False,
        "Commission the station and fill in the protocol.",
    ),
)

PARTS = (
    ("VT40-HEAD", "VT-40 head", True),
    ("SIM-LTE", "LTE SIM card", False),
    ("VT250-CABLE", "VT-250 charging cable, 5 m", True),
    ("VT250-PM", "VT-250 power module", True),
    ("VT250-FAN", "VT-250 fan tray", False),
    ("VX60-LATCH", "VX-60 door latch", False),
    ("VX60-FAN", "VX-60 door fan", False),
)

ENTITLEMENTS = (("Repair SLA Assure", "Assure", "assure"), ("Repair SLA NonAssure", "NonAssure", "non-assure"))
