"""Import of data sets in the microdata-tools format: folders or packages become a new version of a bank, or nothing."""
