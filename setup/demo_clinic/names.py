"""Names, streets and phone numbers the demo draws its patients from, by clinic."""

FIRST_NAMES = {
    "lyon": {
        "f": (
            "Camille Chloé Manon Inès Sarah Julie Élodie Nathalie Isabelle Sophie "
            "Céline Aurélie Margaux Jeanne Louise Fatima Nadia Thi-Mai Anaïs "
            "Véronique Monique Catherine Hélène Brigitte Agathe Lucie Rose Alice"
        ).split(),
        "m": (
            "Thomas Nicolas Julien Hugo Lucas Louis Antoine Mathieu Karim Mehdi "
            "Olivier Stéphane Laurent Philippe Jean-Pierre Gérard Bernard Étienne "
            "Baptiste Léo Gabriel Adam Paul Victor Rémi Benoît Yanis François"
        ).split(),
    },
    "pune": {
        "f": (
            "Aditi Ananya Asha Deepa Divya Fatima Gauri Isha Kavita Lakshmi Leela "
            "Madhuri Meera Neha Nisha Padma Pooja Rekha Ritu Sanjana Shalini Sneha "
            "Sunita Swati Usha Vaishali Vidya Zoya"
        ).split(),
        "m": (
            "Aarav Abhay Ajay Amit Anand Arjun Ashok Deepak Farhan Ganesh Harish "
            "Imran Kiran Mahesh Manoj Nikhil Prakash Rahul Rajesh Ramesh Sachin "
            "Sanjay Suresh Tushar Varun Vijay Vikram Yusuf"
        ).split(),
    },
}

LAST_NAMES = {
    "lyon": (
        "Martin Bernard Dubois Thomas Robert Petit Durand Leroy Moreau Simon Laurent "
        "Lefebvre Michel Garcia David Bertrand Roux Vincent Fournier Morel Girard "
        "André Mercier Dupont Lambert Bonnet Faure Rousseau Blanchet Guérin Muller "
        "Chevalier Perrin Benali Nguyen Da-Silva Haddad Marchand Colin Renaud"
    ).split(),
    "pune": (
        "Patil Kulkarni Deshpande Joshi Jadhav Shinde Pawar Gaikwad Chavan More Kale "
        "Bhosale Phadke Gokhale Apte Sathe Sharma Verma Gupta Singh Mehta Shah Desai "
        "Iyer Nair Menon Reddy Rao Khan Shaikh Ansari D'Souza Fernandes Thomas "
        "Banerjee Das Mishra Tiwari Agarwal Jain"
    ).split(),
}

STREETS = {
    "lyon": (
        ("rue de la République", "Lyon", "69002"),
        ("cours Vitton", "Lyon", "69006"),
        ("avenue de Saxe", "Lyon", "69003"),
        ("rue Garibaldi", "Lyon", "69006"),
        ("rue Paul-Bert", "Lyon", "69003"),
        ("quai Gailleton", "Lyon", "69002"),
        ("rue de la Martinière", "Lyon", "69001"),
        ("cours Émile-Zola", "Villeurbanne", "69100"),
        ("rue du 4-Août-1789", "Villeurbanne", "69100"),
        ("avenue Barthélemy-Buyer", "Lyon", "69005"),
        ("chemin de Choulans", "Lyon", "69005"),
        ("rue du Docteur-Bonhomme", "Lyon", "69008"),
        ("avenue Général-Leclerc", "Caluire-et-Cuire", "69300"),
    ),
    "pune": (
        ("Law College Road, Erandwane", "Pune", "411004"),
        ("Karve Road, Kothrud", "Pune", "411038"),
        ("Fergusson College Road, Shivajinagar", "Pune", "411005"),
        ("Baner Road, Baner", "Pune", "411045"),
        ("North Main Road, Koregaon Park", "Pune", "411001"),
        ("Sinhagad Road, Vadgaon", "Pune", "411041"),
        ("Aundh Road, Khadki", "Pune", "411003"),
        ("Tilak Road, Sadashiv Peth", "Pune", "411030"),
        ("Nagar Road, Viman Nagar", "Pune", "411014"),
        ("Spine Road, Chinchwad", "Pimpri-Chinchwad", "411019"),
    ),
}

# What people write into the phone field and no machine can call.
UNUSABLE_PHONES = {
    "lyon": ("voir fiche papier", "06 39 98", "demander à sa fille", "04 65 71 ?? ??"),
    "pune": ("ask at desk", "98220", "same as husband", "020-25 (old)"),
}


def format_phone(key, number):
    """Return the clinic's nth number the way a desk would type it (n below 10,000)."""
    if key == "lyon":
        return f"06 00 00 {number // 100:02d} {number % 100:02d}"
    return f"+91 98220 5{number:04d}"
