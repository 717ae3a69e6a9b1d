// SPDX-License-Identifier: MIT
// Signs somebody up, confirms the code, and asks what came of it: java -cp sqlite-jdbc.jar Java.java LIBRARY LEDGER
import java.sql.*;

class Java {
    static String ask(Connection db, String sql, String... values) throws SQLException {
        try (PreparedStatement statement = db.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) statement.setString(i + 1, values[i]);
            return statement.execute() ? statement.getResultSet().getString(1) : null;
        }
    }

    public static void main(String[] given) throws SQLException {
        try (Connection db = DriverManager.getConnection("jdbc:sqlite:" + given[1] + "?enable_load_extension=true&busy_timeout=15000")) {
            ask(db, "SELECT load_extension(?)", given[0]);
            String email = "java@example.com";
            ask(db, "INSERT INTO reg_attempts (email, password) VALUES (?, ?)", email, "A9#bL8@z");
            String code = ask(db, "SELECT reg_issue_code(?, 'none')", email); // for you to deliver
            String verdict = ask(db, "SELECT reg_verify_code(?, ?)", email, code);
            System.out.println(verdict + " " + ask(db, "SELECT outcome FROM reg_attempts WHERE email = ?", email));
        }
    }
}
