"""Which tables there are, and what has to be installed for the peers. Standard library only."""

# Chosen before any density of them was learned: numbers, no missing value, from 4 to 60 columns.
SCIKIT_LEARN = ["iris", "wine", "breast_cancer", "diabetes"]
KEEL = ["bands", "letter", "magic", "sonar", "twonorm", "wisconsin"]
ALL = SCIKIT_LEARN + KEEL
# What settings are chosen on; none comes from the same source as one of the ten.
DEVELOPMENT = ["australian", "banana", "bupa", "ionosphere", "penbased", "pima", "ring", "satimage", "texture", "vowel"]
# For novelty: each of their classes is left out in turn.
NOVELTY = ["wine", "breast_cancer", "digits"]

REQUIREMENTS = ["scikit-learn==1.9.1", "numpy==2.4.6", "torch==2.15.0", "spflow==1.1.0", "pyjuice==2.6.3"]
